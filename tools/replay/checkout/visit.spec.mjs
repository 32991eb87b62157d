import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Client, Patience } from '../client.mjs';
import { PriceBoard } from '../price-board.mjs';
import { expectOrder } from './oracle.mjs';
import { Visit } from './visit.mjs';

const NONE = { promotionDiscount: '0.00', couponDiscount: '0.00' };

/** The smallest shop that sells SKU 7 at 2.55, with a fault to order. */
class FakeShop {
  fault = '';
  held = 0;
  /** The user has what the guest had. */
  merged = true;
  /** @type {Map<string, any>} orders by key */
  orders = new Map();
  /** @type {string[]} what was asked, but for logins and reads of the cart */
  asked = [];

  server = createServer((request, response) => {
    let text = '';
    request
      .on('data', (chunk) => (text += chunk))
      .on('end', () => {
        const [status, body, headers = {}] = this.#answer(request, text === '' ? undefined : JSON.parse(text));
        response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
      });
  });

  /** @param {import('node:http').IncomingMessage} request @param {any} body @returns {[number, any, Record<string, string>?]} */
  #answer({ method, url = '', headers }, body) {
    if (url === '/v1/dev/login') return [200, { token: 't' }];
    if (url === '/v1/guest-carts') return [201, { clientCartId: 'v1.k.random.mac' }];
    if (url === '/v1/cart') return [200, this.#shown(headers.authorization !== undefined)];
    this.asked.push(`${method} ${url.replace('/v1/', '')}`);
    if (url === '/v1/cart/items') return [201, this.#cart((this.held += body.quantity))];
    if (url === '/v1/cart/merge') return [200, this.#merge()];
    if (url.endsWith('/preview'))
      return [200, { ...this.#priced(this.held), requirements: this.held > 0 ? [] : [{ code: 'NOTHING_SELECTED' }] }];
    if (url.endsWith('/checkout')) return this.#checkout(String(headers['idempotency-key']), body);
    const order = this.orders.values().next().value;
    if (url.endsWith('/pay')) order.status = 'paid';
    return [200, order];
  }

  /** A user who logs in has nothing before the merge. @param {boolean} isUser */
  #shown(isUser) {
    const cart = this.#cart(this.merged || !isUser ? this.held : 0);
    if (this.fault === 'empties the cart late' && this.orders.size > 0) this.held = 0;
    return cart;
  }

  #merge() {
    this.merged = true;
    return {
      merge: { persisted: true, items: [{ skuId: '7', outcome: 'added', quantity: this.held, requested: this.held }] },
    };
  }

  /** @param {string} key @param {any} body @returns {[number, any, Record<string, string>?]} */
  #checkout(key, { expectedPayable, items }) {
    const made = this.orders.get(key);
    if (made && this.fault === 'sells twice') return [201, { ...made, orderId: '32' }];
    if (made) return [201, made, { 'idempotent-replayed': 'true' }];
    if (this.held === 0) return [409, { code: 'NOTHING_SELECTED' }];
    expect(items).toEqual([{ skuId: '7', quantity: this.held }]);
    const order = { orderId: String(31 + this.orders.size), status: 'pending', ...this.#priced(this.held) };
    const { payable } = order.totals;
    if (expectedPayable !== payable && this.fault !== 'gives a cent') {
      return [409, { code: 'PRICE_CHANGED', errors: [{ expectedPayable, payable }] }];
    }
    this.orders.set(key, order);
    if (!this.fault.includes('the cart')) this.held = 0;
    return [201, order];
  }

  /** @param {number} quantity */
  #priced(quantity) {
    const goods = ((quantity * 255 + (this.fault === 'charges a cent' ? 1 : 0)) / 100).toFixed(2);
    const amounts = { goods, ...NONE, payable: goods };
    const items = quantity > 0 ? [{ skuId: '7', quantity, price: '2.55', ...amounts }] : [];
    return { items, gifts: [], couponIds: [], totals: { skus: items.length, quantity, ...amounts } };
  }

  /** @param {number} quantity */
  #cart(quantity) {
    const items = quantity > 0 ? [{ skuId: '7', quantity, selected: true, addPrice: '2.55', price: '2.55' }] : [];
    const badge = { skus: items.length, quantity, selectedSkus: items.length, selectedQuantity: quantity };
    return { version: '1', stale: false, badge, items };
  }
}

/** @type {FakeShop} */
let shop;
/** @type {Client} */
let client;
beforeEach(async () => {
  shop = new FakeShop();
  await new Promise((resolve) => shop.server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (shop.server.address());
  client = new Client({ url: () => `http://127.0.0.1:${port}` });
});
afterEach(() => {
  shop.server.closeAllConnections();
  shop.server.close();
});

/** @param {number[]} quantities @param {'user' | 'guest'} [kind] @param {number} [index] 0 does everything there is to do */
async function visit(quantities, kind = 'user', index = 0) {
  const lines = quantities.map((quantity, i) => ({ number: i + 2, invoice: '5', skuId: '7', quantity, cents: 255 }));
  const invoice = { number: '5', kind, name: '42', buyer: '42', lines };
  const tally = {
    adds: 0,
    refused: {},
    unknownApplied: 0,
    unknownNotApplied: 0,
    merges: 0,
    repeats: 0,
    rises: 0,
    nothing: 0,
    late: 0,
  };
  const board = new PriceBoard(new Map([['7', 255]]), async () => undefined);
  const shared = { client, board, tally, cashier: { authorization: 'Bearer t' }, run: 'run' };
  const one = new Visit(shared, invoice, expectOrder(invoice, { maxSkus: 10, maxQuantity: 99 }), index);
  shop.merged = kind === 'user';
  return { differences: await one.play(() => undefined), orderId: one.orderId, tally };
}

describe('Visit', () => {
  it('adds, looks, is refused a cent too little, orders, repeats and pays', async () => {
    const { differences, orderId, tally } = await visit([2, 1]);
    expect(differences).toEqual([]);
    expect(orderId).toBe('31');
    expect(shop.asked).toEqual([
      'POST cart/items',
      'POST cart/items',
      'POST cart/checkout/preview',
      'POST cart/checkout',
      'POST cart/checkout',
      'POST cart/checkout',
      'POST orders/31/pay',
      'GET orders/31',
    ]);
    expect(tally).toMatchObject({ adds: 2, repeats: 1, rises: 1, nothing: 0, late: 0 });
  });

  it('lets a guest log in and merge before the order', async () => {
    const { differences, tally } = await visit([2], 'guest', 1);
    expect(differences).toEqual([]);
    expect(shop.asked.slice(0, 3)).toEqual(['POST cart/items', 'POST cart/merge', 'POST cart/checkout/preview']);
    expect(tally).toMatchObject({ merges: 1, repeats: 0, rises: 0 });
  });

  it('is refused when there is nothing to order', async () => {
    const { differences, orderId, tally } = await visit([], 'user', 1);
    expect(differences).toEqual([]);
    expect(orderId).toBeUndefined();
    expect(tally).toMatchObject({ nothing: 1 });
  });

  it.each([
    ['charges a cent', 'preview: payable is 7.66, not 7.65'],
    ['gives a cent', 'a cent too little: answer is 201, not 409 PRICE_CHANGED'],
    ['sells twice', 'repeat: replayed is false, not true'],
    ['empties the cart late', 'its items left the cart after the answer, and nothing was away'],
  ])('sees a shop that %s', async (fault, said) => {
    shop.fault = fault;
    expect((await visit([2, 1])).differences).toContain(`invoice 5: ${said}`);
  });

  it('gives up on a cart that keeps what was ordered', async () => {
    shop.fault = 'keeps the cart';
    client.patience = () => new Patience(0);
    await expect(visit([2, 1])).rejects.toThrow('the cart of user 42 keeps its items');
  });
});
