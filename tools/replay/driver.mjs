import { Admin } from './admin.mjs';
import { Client } from './client.mjs';
import { drain } from './drain.mjs';
import { readCarts } from './invoices.mjs';
import { expectCart, summarise } from './oracle.mjs';
import { PriceBoard } from './price-board.mjs';
import { prove } from './proof.mjs';
import { counted } from './report.mjs';
import { Session } from './session.mjs';
import { Watch } from './watch.mjs';

/**
 * @typedef {object} Options
 * @property {number} lines
 * @property {number} concurrency carts that are worked on at once
 * @property {number} userOffset
 * @property {number | undefined} maxSkus limits the service runs with; undefined: as it says itself
 * @property {number | undefined} maxQuantity
 * @property {number} drainTimeoutMs
 *
 * @typedef {object} Parts where what is judged is found
 * @property {() => string} url
 * @property {() => Promise<import('./stores.mjs').RedisEye>} redis
 * @property {import('./stores.mjs').MysqlEye} mysql
 *
 * @typedef {{ session: Session, expected: import('./oracle.mjs').Expected }} Played
 */

/** One replay: plays every cart, waits for the drain, proves each cart. */
export class Driver {
  /** @type {import('./session.mjs').Tally} */
  tally = { adds: 0, refused: {}, unknownApplied: 0, unknownNotApplied: 0 };
  /** @type {Played[]} */
  #played = [];
  /** Users' carts in MySQL before and after, to see that no guest got a row. */
  #rowsBefore = 0;
  #loggedBefore = 0;
  /** @type {PriceBoard | undefined} */
  #board;
  /** @type {Watch | undefined} */
  watch;

  /**
   * @param {Options} options
   * @param {Parts} stack
   */
  constructor(options, stack) {
    this.options = options;
    this.stack = stack;
    this.client = new Client({ url: stack.url });
    this.carts = readCarts({ limit: options.lines, userOffset: options.userOffset });
  }

  get calls() {
    return this.carts.reduce((sum, cart) => sum + cart.lines.length, 0);
  }

  get sessions() {
    return new Set(this.carts.flatMap((cart) => cart.lines.map((line) => line.invoice))).size;
  }

  /**
   * Plays all carts and returns the differences between answers and calculation.
   * @param {() => void} onStep called after each add
   */
  async play(onStep) {
    const { mysql } = this.stack;
    const limits = await this.#limits();
    const admin = await Admin.login(this.client);
    const board = new PriceBoard(await mysql.pricesOf(this.carts), (skuId, price) => admin.setPrice(skuId, price));
    this.#board = board;
    const watch = new Watch(
      { limits: () => admin.limits(), prices: () => mysql.prices() },
      board.prices,
      this.carts.flatMap(({ lines }) => lines.map(({ skuId }) => skuId)),
    );
    this.watch = watch;
    await watch.begin();
    this.#rowsBefore = await mysql.cartRows();
    this.#loggedBefore = await mysql.logRows('user', this.#userIds());
    /** @type {string[]} */
    const differences = [];
    const waiting = this.carts.map((lines) => ({
      session: new Session(this.client, lines, this.tally),
      expected: expectCart(lines, limits),
    }));
    this.#played = [...waiting];
    let failed = false;
    const work = async () => {
      for (let played = waiting.shift(); played && !failed; played = waiting.shift()) {
        const { session, expected } = played;
        await session.open();
        for (const [i, line] of session.lines.lines.entries()) {
          if (failed) return;
          const step = /** @type {import('./oracle.mjs').Step} */ (expected.steps[i]);
          const add = async () => {
            const found = await session.add(line, step);
            if (found.length > 0) await watch.lookAgain(line.skuId);
            return found;
          };
          differences.push(...(await board.at(line.skuId, line.cents, add)));
          onStep();
        }
      }
    };
    await Promise.all(
      Array.from({ length: this.options.concurrency }, () =>
        work().catch((error) => {
          failed = true;
          throw error;
        }),
      ),
    );
    await watch.lookAtLimits();
    return differences;
  }

  /** Waits until every acknowledged add is in MySQL. */
  async drain() {
    const { redis, mysql } = this.stack;
    const eye = await redis();
    const guests = this.#played.flatMap(({ session }) => (session.owner.kind === 'guest' ? [session.owner.id] : []));
    const refused = Object.values(this.tally.refused).reduce((sum, count) => sum + count, 0);
    try {
      return await drain({
        outboxDepth: () => eye.outboxDepth(),
        logged: async () =>
          (await mysql.logRows('user', this.#userIds())) - this.#loggedBefore + (await mysql.logRows('guest', guests)),
        expected: this.tally.adds - refused,
        timeoutMs: this.options.drainTimeoutMs,
      });
    } finally {
      eye.close();
    }
  }

  /** Compares all places item by item and returns the differences. */
  async prove() {
    const { redis, mysql } = this.stack;
    const eye = await redis();
    try {
      const rows = await mysql.carts(this.#userIds());
      const logs = {
        user: await mysql.log('user', this.#userIds()),
        guest: await mysql.log('guest', this.#ownerIds('guest')),
      };
      const differences = [];
      for (const { session, expected } of this.#played) {
        const { kind, key, id } = session.owner;
        const lastVersion = session.cart.version;
        differences.push(
          ...prove({
            label: session.label,
            answer: await session.read(),
            lastVersion,
            startVersion: session.startVersion,
            redis: await eye.cart(key),
            mysql: kind === 'user' ? (rows.get(id) ?? []) : undefined,
            log: logs[/** @type {'user' | 'guest'} */ (kind)].get(id) ?? [],
            expected,
            lines: session.lines.lines,
            prices: this.#board?.prices ?? new Map(),
          }),
        );
      }
      return [...differences, ...(await this.#strayRows(rows))];
    } finally {
      eye.close();
    }
  }

  /** The table grew by the users' rows and nothing else: no guest has a row. @param {Map<string, unknown[]>} rows */
  async #strayRows(rows) {
    const own = [...rows.values()].reduce((sum, items) => sum + items.length, 0);
    const grown = (await this.stack.mysql.cartRows()) - this.#rowsBefore;
    // A user who was here before and removed everything has rows that were counted before as well.
    return grown > own ? [`the cart table grew by ${grown} rows, the users' carts hold ${own}`] : [];
  }

  #userIds() {
    return this.carts.flatMap((cart) => (cart.kind === 'user' ? [cart.name] : []));
  }

  /** @param {string} wanted */
  #ownerIds(wanted) {
    return this.#played.flatMap(({ session }) => (session.lines.kind === wanted ? [session.owner.id] : []));
  }

  async #limits() {
    const { maxSkus, maxQuantity } = this.options;
    const guest = await this.client.insist('POST', '/v1/guest-carts');
    const headers = { 'x-client-cart-id': String(guest.body?.clientCartId) };
    const { body } = await this.client.insist('GET', '/v1/cart', { headers });
    const told = body?.limits;
    if (!told) throw new Error('The service does not tell its limits: is this a shopping cart?');
    return { maxSkus: maxSkus ?? told.maxSkus, maxQuantity: maxQuantity ?? told.maxQuantityPerSku };
  }

  /** @returns {[name: string, value: string | number][]} */
  report() {
    const { rows, quantity, cents } = summarise(this.#played.map(({ expected }) => expected));
    const users = this.#userIds().length;
    const carts = `${this.carts.length} carts (${users} users, ${this.carts.length - users} guests)`;
    return [
      ['sessions', `${this.sessions} invoices in ${carts}`],
      ['add calls', this.tally.adds],
      ['refusals', counted(this.tally.refused)],
      ['items proved', `${rows} rows, ${quantity} pieces, ${(cents / 100).toFixed(2)} at add prices`],
      ['price changes', this.#board?.changes ?? 0],
    ];
  }
}
