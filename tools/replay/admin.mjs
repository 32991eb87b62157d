import { setTimeout as sleep } from 'node:timers/promises';

const ADMIN = '1';
const LIMITS = '/v1/admin/limits';
/** Every other instance knows new limits by then. */
const KNOWN_EVERYWHERE_MS = 1_000;
/** Limits that were raised by a replay that was killed go back by themselves. */
const RAISED_FOR_MS = 4 * 60 * 60 * 1000;

/** The shop's own people: prices and limits. */
export class Admin {
  /** @param {import('./client.mjs').Client} client @param {Record<string, string>} headers */
  constructor(client, headers) {
    this.client = client;
    this.headers = headers;
  }

  /** @param {import('./client.mjs').Client} client */
  static async login(client) {
    const body = { userId: ADMIN, roles: ['admin'] };
    const login = await client.insist('POST', '/v1/dev/login', { body });
    if (login.status !== 200)
      throw new Error(`POST /v1/dev/login was answered ${login.status}: start with DEV_LOGIN=true.`);
    return new Admin(client, { authorization: `Bearer ${login.body.token}` });
  }

  /** @param {string} skuId @param {string} price */
  async setPrice(skuId, price) {
    const answer = await this.client.insist('PATCH', `/v1/admin/skus/${skuId}`, {
      headers: this.headers,
      body: { price },
    });
    if (answer.status !== 200)
      throw new Error(`the price of SKU ${skuId} was answered ${answer.status} ${answer.body?.code}`);
  }

  /**
   * Does the work while the limits of every cart are at least these, and puts them back as they were.
   * @template T
   * @param {import('./oracle.mjs').Limits} wanted
   * @param {(limits: import('./oracle.mjs').Limits) => Promise<T>} work
   * @param {(line: string) => void} say
   * @returns {Promise<T>}
   */
  async withLimits({ maxSkus, maxQuantity }, work, say) {
    const before = await this.limits();
    const raised = {
      maxSkus: Math.max(before.maxSkus, maxSkus),
      maxQuantityPerSku: Math.max(before.maxQuantityPerSku, maxQuantity),
    };
    const limits = { maxSkus: raised.maxSkus, maxQuantity: raised.maxQuantityPerSku };
    const fits = raised.maxSkus === before.maxSkus && raised.maxQuantityPerSku === before.maxQuantityPerSku;
    if (fits) return work(limits);
    say(
      `limits do not fit the invoices: ${before.maxSkus} SKUs, ${before.maxQuantityPerSku} of each; ` +
        `raised to ${maxSkus} and ${maxQuantity} until the end of the replay`,
    );
    const until = new Date(Date.now() + RAISED_FOR_MS).toISOString();
    await this.#limits('PUT', { ...raised, until });
    try {
      await sleep(KNOWN_EVERYWHERE_MS);
      return await work(limits);
    } finally {
      await this.#putBack(before);
      say(`limits are again ${before.maxSkus} SKUs, ${before.maxQuantityPerSku} of each`);
    }
  }

  /** What the carts are held to now. */
  limits() {
    return this.#limits('GET');
  }

  /** @param {any} before */
  async #putBack({ overridden, maxSkus, maxQuantityPerSku, until }) {
    const ended = until !== null && Date.parse(until) <= Date.now();
    if (!overridden || ended) await this.#limits('DELETE');
    else await this.#limits('PUT', { maxSkus, maxQuantityPerSku, ...(until === null ? {} : { until }) });
  }

  /** @param {string} method @param {unknown} [body] */
  async #limits(method, body) {
    const answer = await this.client.insist(method, LIMITS, { headers: this.headers, body });
    if (answer.status === 200) return answer.body;
    throw new Error(`${method} ${LIMITS} was answered ${answer.status} ${answer.body?.code ?? ''}`);
  }
}
