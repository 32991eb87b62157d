import { createHash } from 'node:crypto';
import { NoAnswer } from './client.mjs';
import { judge } from './judge.mjs';

/**
 * @typedef {import('./client.mjs').Client} Client
 * @typedef {import('./client.mjs').Answer} Answer
 * @typedef {import('./invoices.mjs').Line} Line
 *
 * @typedef {object} Tally counted over all sessions
 * @property {number} adds
 * @property {Record<string, number>} refused by code
 * @property {number} unknownApplied
 * @property {number} unknownNotApplied
 */

/** One shopper with one cart: the only writer of it, so what the cart holds tells what became of a lost answer. */
export class Session {
  /** @type {Record<string, string>} who is asking */
  headers = {};
  /** @type {any} the cart as the service last told it */
  cart;
  /** Version before the first add. */
  startVersion = '0';

  /**
   * @param {Client} client
   * @param {import('./invoices.mjs').CartLines} lines
   * @param {Tally} tally
   */
  constructor(client, lines, tally) {
    this.client = client;
    this.lines = lines;
    this.tally = tally;
  }

  get label() {
    return `${this.lines.kind} ${this.lines.name}`;
  }

  /** The cart's key in Redis and its owner in the change log, which knows a guest by a hash. */
  get owner() {
    if (this.lines.kind === 'user') return { kind: 'user', key: `cart:user:${this.lines.name}`, id: this.lines.name };
    const random = this.headers['x-client-cart-id']?.split('.')[2] ?? '';
    return { kind: 'guest', key: `cart:guest:${random}`, id: createHash('sha256').update(random).digest('hex') };
  }

  async open() {
    if (this.lines.kind === 'user') {
      const { body } = await this.#expect(200, 'POST', '/v1/dev/login', { body: { userId: this.lines.name } });
      this.headers = { authorization: `Bearer ${body.token}` };
    } else {
      const { body } = await this.#expect(201, 'POST', '/v1/guest-carts');
      this.headers = { 'x-client-cart-id': body.clientCartId };
    }
    const cart = await this.read();
    if (cart.items.length > 0) throw new Error(`${this.label} has a cart already: replay with another --user-offset.`);
    this.startVersion = cart.version;
  }

  /** The cart from Redis: a stale copy tells nothing about what was lost. */
  async read() {
    const { body } = await this.#expect(200, 'GET', '/v1/cart', { accept: (answer) => answer.body?.stale !== true });
    this.cart = body;
    return body;
  }

  /**
   * Adds a line and compares what happens with what must happen.
   * @param {Line} line
   * @param {import('./oracle.mjs').Step} step
   * @returns {Promise<string[]>} differences
   */
  async add(line, step) {
    const answer = await this.#addOnce(line);
    this.tally.adds += 1;
    // Without items the add was made, and the catalogue could not be reached to show the cart.
    if (answer.status === 201) this.cart = answer.body = answer.body?.items ? answer.body : await this.read();
    else this.#countRefusal(String(answer.body?.code ?? answer.status));
    return judge(line, step, answer).map((difference) => `${this.label}, line ${line.number}: ${difference}`);
  }

  /** @param {string} code */
  #countRefusal(code) {
    this.tally.refused[code] = (this.tally.refused[code] ?? 0) + 1;
  }

  /**
   * Sends the add until its outcome is certain.
   * @param {Line} line
   * @returns {Promise<Answer>}
   */
  async #addOnce(line) {
    const patience = this.client.patience();
    const before = this.#quantityOf(line.skuId);
    let lost = false;
    for (;;) {
      const { answer, unknown, again } = await this.#attempt(line, lost);
      if (answer) {
        if (lost) this.tally.unknownNotApplied += 1;
        return answer;
      }
      lost ||= unknown !== undefined;
      this.client.waits += 1;
      await patience.wait(`add by ${this.label}: ${unknown ?? again?.body?.code}`, again?.retryAfterMs);
      if (lost && (await this.#wasApplied(line, before))) {
        this.tally.unknownApplied += 1;
        return { status: 201, body: this.cart, clientCartId: null, replayed: false, retryAfterMs: 0 };
      }
    }
  }

  /**
   * One attempt: an answer that counts, one that only says try again, or nothing certain. After a lost attempt the
   * next carries the version the cart was read at: should the lost one still arrive in between, this one is refused
   * instead of counted twice.
   * @param {Line} line
   * @param {boolean} lost an earlier attempt got no answer
   * @returns {Promise<{ answer?: Answer, again?: Answer, unknown?: string }>}
   */
  async #attempt({ skuId, quantity }, lost) {
    const headers = { ...this.headers };
    if (lost) headers['if-match'] = `"${this.cart.version}"`;
    try {
      const answer = await this.client.send('POST', '/v1/cart/items', { headers, body: { skuId, quantity } });
      if (answer.clientCartId) this.headers['x-client-cart-id'] = answer.clientCartId;
      const tryAgain = answer.status === 429 || answer.body?.code === 'CART_BUSY' || (lost && answer.status === 412);
      return tryAgain ? { again: answer } : { answer };
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      return { unknown: error.message };
    }
  }

  /** @param {Line} line @param {number} before */
  async #wasApplied({ skuId, quantity }, before) {
    await this.read();
    const now = this.#quantityOf(skuId);
    if (now === before) return false;
    if (now === before + quantity) return true;
    throw new Error(`${this.label}: SKU ${skuId} holds ${now}, neither ${before} nor ${before + quantity}`);
  }

  /** @param {string} skuId @returns {number} */
  #quantityOf(skuId) {
    return this.cart.items.find((/** @type {any} */ item) => item.skuId === skuId)?.quantity ?? 0;
  }

  /**
   * A call of this shopper that may be made twice without harm.
   * @param {string} method
   * @param {string} path
   * @param {Parameters<Client['insist']>[2]} [call]
   */
  call(method, path, call) {
    return this.client.insist(method, path, { headers: this.headers, ...call });
  }

  /**
   * @param {number} status
   * @param {string} method
   * @param {string} path
   * @param {Parameters<Client['insist']>[2]} [call]
   */
  async #expect(status, method, path, call) {
    const answer = await this.call(method, path, call);
    if (answer.status === status) return answer;
    throw new Error(`${method} ${path} for ${this.label} was answered ${answer.status} ${answer.body?.code ?? ''}`);
  }
}
