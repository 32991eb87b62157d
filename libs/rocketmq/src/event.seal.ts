import { createHmac, timingSafeEqual } from 'node:crypto';

/** The property of a message that holds its seal. */
export const SEAL_PROPERTY = 'seal';

export interface SealOptions {
  /** `kid:secret`: the first signs, all of them verify. */
  keys: readonly string[];
  /** Messages without a seal are taken too: for the time of an upgrade. */
  acceptUnsigned?: boolean;
}

/**
 * One MAC over the body of a message: `<kid>:<hex of HMAC-SHA256>`. Access to the broker alone is not enough to make
 * events up, since a forged one could rewrite a cart.
 */
export class EventSeal {
  readonly #secrets: ReadonlyMap<string, string>;
  readonly #signingKid: string;
  readonly #acceptUnsigned: boolean;

  /** @throws RangeError without a key */
  constructor({ keys, acceptUnsigned = false }: SealOptions) {
    const entries = keys.map((key) => [key.slice(0, key.indexOf(':')), key.slice(key.indexOf(':') + 1)] as const);
    if (entries[0] === undefined) {
      throw new RangeError('RocketMQ: a seal needs a key');
    }
    this.#signingKid = entries[0][0];
    this.#secrets = new Map(entries);
    this.#acceptUnsigned = acceptUnsigned;
  }

  sign(body: Buffer): string {
    return `${this.#signingKid}:${this.#mac(this.#signingKid, body)}`;
  }

  /** Why a message is not one of ours; `undefined` when it is. */
  fault(body: Buffer, seal: string | undefined): 'unsigned' | 'foreign' | undefined {
    if (seal === undefined) {
      return this.#acceptUnsigned ? undefined : 'unsigned';
    }
    const [kid = '', mac = ''] = seal.split(':', 2);
    const expected = Buffer.from(this.#secrets.has(kid) ? this.#mac(kid, body) : '');
    const given = Buffer.from(mac);
    return given.length > 0 && given.length === expected.length && timingSafeEqual(given, expected)
      ? undefined
      : 'foreign';
  }

  #mac(kid: string, body: Buffer): string {
    return createHmac('sha256', this.#secrets.get(kid)!).update(body).digest('hex');
  }
}
