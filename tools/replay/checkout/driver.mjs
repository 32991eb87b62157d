import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Admin } from '../admin.mjs';
import { Client } from '../client.mjs';
import { drain } from '../drain.mjs';
import { toPrice } from '../invoices.mjs';
import { PriceBoard } from '../price-board.mjs';
import { counted } from '../report.mjs';
import { readInvoices } from './invoices.mjs';
import { expectOrder, sum, sumOfLines } from './oracle.mjs';
import { OrderEye } from './order-eye.mjs';
import { guestLog, proveEmpty, proveLog, proveMerged, proveOrders, proveStock, userLog } from './proof.mjs';
import { playInTurns, Turns } from './turns.mjs';
import { Visit } from './visit.mjs';
import { Watch } from '../watch.mjs';

/** What the largest invoice needs. */
const LIMITS = { maxSkus: 1_000, maxQuantity: 5_000 };
/** Everything an order has left undone is done by then, and noted. */
const SETTLED_MS = 90_000;
const POLL_MS = 500;

/** One replay in which every invoice is checked out: plays each, waits for the drain, proves orders, stock and carts. */
export class CheckoutDriver {
  /** @type {import('./visit.mjs').CheckoutTally} */
  tally = {
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
  /** @type {Visit[]} in the file's order */
  #visits = [];
  /** @type {PriceBoard | undefined} */
  #board;
  /** @type {Watch | undefined} */
  watch;
  #before = { orders: '0', rows: 0, logged: 0, stock: /** @type {Map<string, number>} */ (new Map()) };

  /**
   * @param {import('../driver.mjs').Options} options
   * @param {import('../driver.mjs').Parts} stack
   */
  constructor(options, stack) {
    this.options = options;
    this.stack = stack;
    this.client = new Client({ url: stack.url });
    this.eye = new OrderEye(stack.mysql);
    this.invoices = readInvoices({ limit: options.lines, userOffset: options.userOffset });
    this.buyers = [...new Set(this.invoices.map(({ buyer }) => buyer))];
  }

  get calls() {
    return sum(this.invoices.map(({ lines }) => lines.length));
  }

  /**
   * Plays all invoices and returns the differences between answers and calculation.
   * @param {() => void} onStep called after each add
   * @param {(line: string) => void} say
   */
  async play(onStep, say) {
    const { mysql } = this.stack;
    const prices = await mysql.pricesOf(this.invoices);
    const admin = await Admin.login(this.client);
    this.#board = new PriceBoard(prices, (skuId, price) => admin.setPrice(skuId, price));
    const watch = new Watch(
      { limits: () => admin.limits(), prices: () => mysql.prices() },
      prices,
      this.invoices.flatMap(({ lines }) => lines.map(({ skuId }) => skuId)),
    );
    this.watch = watch;
    this.#before = {
      orders: await this.eye.newest(),
      rows: await mysql.cartRows(),
      logged: await mysql.logRows('user', this.buyers),
      stock: await this.eye.stock(),
    };
    const { maxSkus, maxQuantity } = { ...LIMITS, ...given(this.options) };
    const work = async (/** @type {import('../oracle.mjs').Limits} */ limits) => {
      await watch.begin();
      const differences = await this.#play(limits, admin.headers, onStep);
      await watch.lookAtLimits();
      return differences;
    };
    return admin.withLimits({ maxSkus, maxQuantity }, work, say);
  }

  /** @param {import('../oracle.mjs').Limits} limits @param {Record<string, string>} cashier @param {() => void} onStep */
  async #play(limits, cashier, onStep) {
    const board = /** @type {PriceBoard} */ (this.#board);
    const shop = { client: this.client, board, tally: this.tally, cashier, run: `replay-${randomUUID()}` };
    const visits = new Map(
      this.invoices.map((invoice, i) => [invoice, new Visit(shop, invoice, expectOrder(invoice, limits), i)]),
    );
    this.#visits = [...visits.values()];
    /** @type {string[]} */
    const differences = [];
    await playInTurns(new Turns(this.invoices), this.options.concurrency, async (invoice) => {
      const found = await /** @type {Visit} */ (visits.get(invoice)).play(onStep);
      if (found.length > 0) await this.watch?.lookAgain(invoice.lines[0]?.skuId ?? '');
      differences.push(...found);
    });
    return differences;
  }

  /** Waits until everything that was acknowledged is in MySQL. */
  async drain() {
    const { redis, mysql } = this.stack;
    const eye = await redis();
    const users = this.#byBuyer().map(({ visits }) => userLog(visits).length);
    const guests = this.#guests().map((visit) => guestLog(visit).length);
    try {
      const drained = await drain({
        outboxDepth: () => eye.outboxDepth(),
        logged: async () =>
          (await mysql.logRows('user', this.buyers)) -
          this.#before.logged +
          (await mysql.logRows('guest', this.#guestIds())),
        expected: sum(users) + sum(guests),
        timeoutMs: this.options.drainTimeoutMs,
      });
      await this.#settle();
      return drained;
    } finally {
      eye.close();
    }
  }

  /** A large order is noted as taken by the sweeper, later than its rows. One that never is, the proof will see. */
  async #settle() {
    const until = Date.now() + SETTLED_MS;
    while (Date.now() < until && (await this.eye.owed(this.buyers, this.#before.orders)) > 0) await sleep(POLL_MS);
  }

  /** Compares orders, shelves, carts and the change log with the calculation, and returns the differences. */
  async prove() {
    const { orders, stock } = this.#before;
    const expected = this.#visits.map((visit) => visit.expected);
    return [
      ...proveOrders(this.#visits, await this.eye.ordersOf(this.buyers, orders)),
      ...proveStock(expected, stock, await this.eye.stock()),
      ...(await this.#proveCarts()),
    ];
  }

  async #proveCarts() {
    const { redis, mysql } = this.stack;
    const eye = await redis();
    try {
      const rows = await mysql.carts(this.buyers);
      const logs = { user: await mysql.log('user', this.buyers), guest: await mysql.log('guest', this.#guestIds()) };
      const differences = [];
      for (const { buyer, visits } of this.#byBuyer()) {
        const label = `user ${buyer}`;
        const skuIds = new Set(visits.flatMap(({ expected }) => expected.items.map(({ skuId }) => skuId)));
        const cart = await eye.cart(`cart:user:${buyer}`);
        differences.push(...proveEmpty({ label, redis: cart, mysql: rows.get(buyer) ?? [], skuIds }));
        const startVersion = visits[0]?.buyer?.startVersion ?? '0';
        differences.push(...proveLog(label, logs.user.get(buyer) ?? [], startVersion, userLog(visits)));
      }
      for (const visit of this.#guests()) {
        const { key, id } = /** @type {import('../session.mjs').Session} */ (visit.shopper).owner;
        const label = `guest ${visit.invoice.name}`;
        const cart = await eye.cart(key);
        differences.push(...proveEmpty({ label, redis: cart, mysql: [], skuIds: new Set() }));
        differences.push(...proveMerged(label, visit, cart.merge));
        differences.push(...proveLog(label, logs.guest.get(id) ?? [], '0', guestLog(visit)));
      }
      return [...differences, ...(await this.#strayRows(rows))];
    } finally {
      eye.close();
    }
  }

  /** No guest has a row in the cart table. @param {Map<string, unknown[]>} rows */
  async #strayRows(rows) {
    const own = sum([...rows.values()].map((items) => items.length));
    const grown = (await this.stack.mysql.cartRows()) - this.#before.rows;
    return grown > own ? [`the cart table grew by ${grown} rows, the buyers' carts hold ${own}`] : [];
  }

  #byBuyer() {
    return this.buyers.map((buyer) => ({
      buyer,
      visits: this.#visits.filter(({ invoice }) => invoice.buyer === buyer),
    }));
  }

  #guests() {
    return this.#visits.filter(({ invoice }) => invoice.kind === 'guest');
  }

  #guestIds() {
    return this.#guests().map(({ shopper }) => /** @type {import('../session.mjs').Session} */ (shopper).owner.id);
  }

  /** @returns {[name: string, value: string | number][]} */
  report() {
    const { tally } = this;
    const orders = this.#visits.filter(({ orderId }) => orderId !== undefined);
    const expected = orders.map((visit) => visit.expected);
    const lines = sum(this.#visits.map((visit) => sumOfLines(visit.invoice, visit.expected)));
    const revenue = sum(expected.map(({ payable }) => payable));
    return [
      [
        'sessions',
        `${this.invoices.length} invoices of ${this.buyers.length} buyers, ${this.#guests().length} began as guests`,
      ],
      ['add calls', tally.adds],
      ['refusals', counted(tally.refused)],
      ['orders', `${orders.length} paid; ${tally.nothing} invoices with nothing to order were refused`],
      [
        'order items',
        `${sum(expected.map(({ items }) => items.length))}, ${sum(expected.map(({ quantity }) => quantity))} pieces`,
      ],
      ['revenue', `${toPrice(revenue)}; the accepted lines as written ${toPrice(lines)}`],
      ['merges', tally.merges],
      ['repeats with the same key', tally.repeats],
      ['refused a cent too little', tally.rises],
      ['carts emptied late', tally.late],
      ['price changes', this.#board?.changes ?? 0],
    ];
  }
}

/** What the command line says of the limits. @param {import('../driver.mjs').Options} options */
function given({ maxSkus, maxQuantity }) {
  return { ...(maxSkus === undefined ? {} : { maxSkus }), ...(maxQuantity === undefined ? {} : { maxQuantity }) };
}
