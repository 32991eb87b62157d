import { isDeepStrictEqual } from 'node:util';
import { toPrice } from '../invoices.mjs';
import { Session } from '../session.mjs';
import { judgeMerge, judgeOrder, judgePreview, judgeRepeat, judgeRise } from './judge.mjs';

/**
 * @typedef {import('../client.mjs').Answer} Answer
 * @typedef {import('./invoices.mjs').Invoice} Invoice
 * @typedef {import('./oracle.mjs').ExpectedOrder} ExpectedOrder
 *
 * @typedef {object} Shop what all visits share
 * @property {import('../client.mjs').Client} client
 * @property {import('../price-board.mjs').PriceBoard} board
 * @property {CheckoutTally} tally
 * @property {Record<string, string>} cashier headers of who may say that an order is paid
 * @property {string} run its own in every replay, so that no key is that of an earlier one
 *
 * @typedef {import('../session.mjs').Tally & { merges: number, repeats: number, rises: number, nothing: number, late: number }} CheckoutTally
 */

/** An outcome that passes by itself. */
const TRY_AGAIN = new Set(['CART_BUSY', 'IDEMPOTENCY_IN_PROGRESS']);
const REPEAT_EACH = 5;
const RISE_EACH = 7;
/** As long as the service may need to finish an order that something interrupted. */
const CART_EMPTY_MS = 60_000;

/** One invoice from the first add to the paid order, and an empty cart. */
export class Visit {
  /** @type {string | undefined} */
  orderId;
  /** @type {Session | undefined} whose cart was filled */
  shopper;
  /** @type {Session | undefined} who has ordered */
  buyer;
  /** @type {{ skuId: string, quantity: number }[] | undefined} what the buyer's page shows */
  #seen;

  /**
   * @param {Shop} shop
   * @param {Invoice} invoice
   * @param {ExpectedOrder} expected
   * @param {number} index of the invoice; some do more than others
   */
  constructor(shop, invoice, expected, index) {
    this.shop = shop;
    this.invoice = invoice;
    this.expected = expected;
    this.index = index;
  }

  /**
   * @param {() => void} onStep called after each add
   * @returns {Promise<string[]>} differences
   */
  async play(onStep) {
    const { kind, name, lines } = this.invoice;
    const shopper = new Session(this.shop.client, { kind, name, lines }, this.shop.tally);
    this.shopper = shopper;
    const waits = this.shop.client.waits;
    await shopper.open();
    const found = [];
    for (const [i, line] of lines.entries()) {
      const step = /** @type {import('../oracle.mjs').Step} */ (this.expected.steps[i]);
      found.push(...(await this.shop.board.at(line.skuId, line.cents, () => shopper.add(line, step))));
      onStep();
    }
    this.buyer = kind === 'user' ? shopper : new Session(this.shop.client, this.#login(), this.shop.tally);
    if (kind === 'guest') found.push(...(await this.#merge(shopper, this.buyer)));
    found.push(...(await this.#order(this.buyer)), ...(await this.#seeEmptyCart(this.buyer, waits)));
    return found.map((difference) => `invoice ${this.invoice.number}: ${difference}`);
  }

  /** @returns {import('../invoices.mjs').CartLines} */
  #login() {
    return { kind: 'user', name: this.invoice.buyer, lines: [] };
  }

  /** The guest logs in. @param {Session} guest @param {Session} user */
  async #merge(guest, user) {
    await user.open();
    const body = { clientCartId: guest.headers['x-client-cart-id'] };
    const answer = await user.call('POST', '/v1/cart/merge', { body });
    this.shop.tally.merges += 1;
    return judgeMerge(this.expected, answer);
  }

  /** @param {Session} buyer */
  async #order(buyer) {
    const { tally, run, cashier } = this.shop;
    const preview = await buyer.call('POST', '/v1/cart/checkout/preview', { body: {} });
    const found = judgePreview(this.expected, preview);
    if (this.expected.payable > 0 && this.index % RISE_EACH === 0) found.push(...(await this.#offerLess(buyer)));
    const submit = () => this.#submit(buyer, `${run}-${this.invoice.number}`, String(preview.body?.totals?.payable));
    const first = await submit();
    // What costs nothing has nothing to wait for.
    const state = this.expected.payable === 0 ? 'paid' : 'pending';
    found.push(...judgeOrder(this.expected, first, { status: 201, state }));
    if (this.index % REPEAT_EACH === 0) {
      found.push(...judgeRepeat(first, await submit()));
      tally.repeats += 1;
    }
    if (first.status !== 201) {
      tally.nothing += 1;
      return found;
    }
    this.orderId = first.body.orderId;
    const paid = await this.shop.client.insist('POST', `/v1/orders/${this.orderId}/pay`, { headers: cashier });
    const kept = (await buyer.call('GET', `/v1/orders/${this.orderId}`)).body;
    if (!isDeepStrictEqual(kept, paid.body)) found.push('the order that is read is not the one that was paid');
    return [...found, ...judgeOrder(this.expected, paid, { status: 200, state: 'paid' })];
  }

  /** A cent less than it costs is refused, and nothing happens. @param {Session} buyer */
  async #offerLess(buyer) {
    const { run, tally } = this.shop;
    tally.rises += 1;
    const answer = await this.#submit(buyer, `${run}-${this.invoice.number}-less`, toPrice(this.expected.payable - 1));
    return judgeRise(this.expected, answer);
  }

  /**
   * What a shopper's page sends: the amount it has shown and the items it has shown.
   * @param {Session} buyer
   * @param {string} key
   * @param {string} expectedPayable
   */
  async #submit(buyer, key, expectedPayable) {
    this.#seen ??= (await buyer.read()).items.map((/** @type {any} */ { skuId, quantity }) => ({ skuId, quantity }));
    return buyer.call('POST', '/v1/cart/checkout', {
      headers: { ...buyer.headers, 'idempotency-key': key },
      body: { expectedPayable, items: this.#seen },
      accept: ({ body }) => !TRY_AGAIN.has(body?.code),
    });
  }

  /**
   * What was ordered has left the cart when the answer comes; later only when a part of the service was away.
   * @param {Session} buyer
   * @param {number} waitsBefore
   */
  async #seeEmptyCart(buyer, waitsBefore) {
    const { client, tally } = this.shop;
    if ((await buyer.read()).items.length === 0) return [];
    tally.late += 1;
    const patience = client.patience(CART_EMPTY_MS);
    while ((await buyer.read()).items.length > 0) await patience.wait(`the cart of ${buyer.label} keeps its items`);
    return client.waits > waitsBefore ? [] : ['its items left the cart after the answer, and nothing was away'];
  }
}
