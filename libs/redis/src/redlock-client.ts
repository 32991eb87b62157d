import { createHash } from 'node:crypto';
import type { LockNodeClient } from 'redlock';
import { RedisConnection } from './redis.connection.js';
import { RedisUnavailableError } from './redis.errors.js';

/** Each lock only while it is held under its token; answers how many were not. */
const RELEASE = `local late = 0
for i, key in ipairs(KEYS) do
  if redis.call('GET', key) == ARGV[i] then redis.call('DEL', key) else late = late + 1 end
end
return late`;
const RELEASE_SHA1 = createHash('sha1').update(RELEASE).digest('hex');
const MOST_OWED = 1000;

/**
 * A lock node as redlock wants it, over node-redis, for locks of one key.
 *
 * Redlock gives up on a release that cannot be sent, and a grant whose reply never came may be in force all the same:
 * either would keep its name busy for a whole lease after the node is back. So what could not be released is kept,
 * and released at the next connection, before anything else is sent.
 */
export class RedlockClient implements LockNodeClient {
  /** Tokens whose grant certainly never reached the node, until redlock's own clean-up asks to release them. */
  readonly #unsent = new Set<string>();
  /** Token → key. */
  readonly #owed = new Map<string, string>();

  constructor(readonly connection: RedisConnection) {
    connection.onReady(() => this.#releaseOwed());
  }

  evalsha(hash: string, keyCount: number, args: readonly (string | number)[]): Promise<unknown> {
    return this.#send('EVALSHA', hash, keyCount, args);
  }

  eval(script: string, keyCount: number, args: readonly (string | number)[]): Promise<unknown> {
    return this.#send('EVAL', script, keyCount, args);
  }

  async quit(): Promise<'OK'> {
    await this.connection.close();
    return 'OK';
  }

  /** Gives locks back at once; resolves with how many had run out before. */
  releaseAll(locks: readonly { name: string; token: string }[]): Promise<number> {
    const count = String(locks.length);
    const script = {
      name: 'release',
      keyCount: locks.length,
      keyCountText: count,
      source: RELEASE,
      sha1: RELEASE_SHA1,
    };
    const names = locks.map(({ name }) => name);
    const tokens = locks.map(({ token }) => token);
    return (this.connection.run(script, names, tokens) as Promise<number>).catch((error: unknown) => {
      if (error instanceof RedisUnavailableError) for (const { name, token } of locks) this.#owe(name, token);
      throw error;
    });
  }

  /** Redlock sends key, token and lease to acquire, key and token to release; it releases after each failed acquire. */
  #send(verb: string, script: string, keyCount: number, args: readonly (string | number)[]): Promise<unknown> {
    const [key, token, lease] = args as [string, string, number?];
    return lease === undefined
      ? this.#release(key, token, [verb, script, String(keyCount)])
      : this.#acquire(key, token, lease);
  }

  /** Of one key, SET NX does what redlock's script does, for a third of the node's time. */
  #acquire(key: string, token: string, leaseMs: number): Promise<number> {
    return this.connection.command(['SET', key, token, 'NX', 'PX', String(leaseMs)]).then(
      (reply) => (reply === 'OK' ? 1 : 0),
      (error: unknown) => {
        if (error instanceof RedisUnavailableError && error.outcome === 'not-sent') this.#unsent.add(token);
        throw error;
      },
    );
  }

  #release(key: string, token: string, script: readonly string[]): Promise<unknown> {
    const isPointless = this.#unsent.delete(token);
    return this.connection.command([...script, key, token]).catch((error: unknown) => {
      if (error instanceof RedisUnavailableError && !isPointless) this.#owe(key, token);
      throw error;
    });
  }

  #owe(key: string, token: string): void {
    if (this.#owed.size < MOST_OWED) this.#owed.set(token, key);
  }

  #releaseOwed(): void {
    for (const [token, key] of this.#owed) {
      this.connection.command(['EVAL', RELEASE, '1', key, token]).catch(() => undefined);
    }
    this.#owed.clear();
  }
}
