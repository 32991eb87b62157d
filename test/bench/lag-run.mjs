import { sleep } from '../../tools/lib/wait.mjs';
import { SKUS, call } from './targets.mjs';

/**
 * A change that was answered and has not been seen in MySQL yet.
 * @typedef {{ userId: string, skuId: string, version: bigint, answeredAt: number }} Waiting
 *
 * @typedef {object} LagFigures
 * @property {number} asked writes
 * @property {number} failed of them
 * @property {number} missing answered, and not in MySQL at the end
 * @property {number} rate answered writes a second
 * @property {number} answerP99 ms
 * @property {number} p50 from the answer to the row, ms
 * @property {number} p95
 * @property {number} p99
 * @property {number} most
 */

/** How often the rows are looked for, ms. */
const LOOK_MS = 5;
/** Changes one look asks for; when more wait, the oldest are asked for. */
const LOOK_AT = 500;
/** How long after the last answer a change may stay away. */
const DRAIN_MS = 60_000;
const WARM_UP_SECONDS = 5;
/** Writes under way at most: what a service that stands still would pile up. */
const MOST_UNDER_WAY = 2_000;

/** Writes at a fixed rate, and for each the time from its answer until its row, or a later version of it, is in MySQL. */
export class LagRun {
  /** @type {Waiting[]} */
  #waiting = [];
  /** @type {number[]} */
  #lags = [];
  /** @type {number[]} */
  #answers = [];
  #asked = 0;
  #failed = 0;
  /** @type {import('./targets.mjs').Cart[]} */
  #carts = [];

  /**
   * @param {{ target: import('./targets.mjs').ServiceTarget, database: import('mysql2/promise').Connection,
   *   options: import('./lag-options.mjs').LagOptions, signal: AbortSignal,
   *   progress: import('../../tools/lib/progress.mjs').Progress }} parts
   */
  constructor({ target, database, options, signal, progress }) {
    this.target = target;
    this.database = database;
    this.options = options;
    this.signal = signal;
    this.progress = progress;
  }

  async warmUp() {
    const { carts } = this.options;
    this.#carts = await Promise.all(Array.from({ length: carts }, (_, index) => this.target.open(7_000_001 + index)));
    await this.#run(WARM_UP_SECONDS);
    this.progress.line(`warm: ${this.#asked} writes, ${this.#failed} failed`);
  }

  /** @returns {Promise<LagFigures>} */
  async measure() {
    [this.#waiting, this.#lags, this.#answers, this.#asked, this.#failed] = [[], [], [], 0, 0];
    const began = performance.now();
    await this.#run(this.options.seconds);
    const seconds = (performance.now() - began) / 1000;
    return {
      asked: this.#asked,
      failed: this.#failed,
      missing: this.#waiting.length,
      rate: this.#answers.length / Math.min(seconds, this.options.seconds),
      answerP99: quantile(this.#answers, 0.99),
      p50: quantile(this.#lags, 0.5),
      p95: quantile(this.#lags, 0.95),
      p99: quantile(this.#lags, 0.99),
      most: quantile(this.#lags, 1),
    };
  }

  /** @param {number} seconds */
  async #run(seconds) {
    const writing = this.#write(seconds);
    let isWriting = true;
    void writing.finally(() => (isWriting = false)).catch(() => undefined);
    for (let deadline = Infinity; isWriting || this.#waiting.length > 0;) {
      this.signal.throwIfAborted();
      if (!isWriting && deadline === Infinity) deadline = performance.now() + DRAIN_MS;
      if (performance.now() > deadline) break;
      await this.#look();
      await sleep(LOOK_MS, this.signal);
    }
    await writing;
  }

  /** An open loop: a write is due at its time whether the ones before are answered or not. @param {number} seconds */
  async #write(seconds) {
    const { rate } = this.options;
    const began = performance.now();
    /** @type {Set<Promise<void>>} */
    const underWay = new Set();
    for (let index = 0; index < rate * seconds; index += 1) {
      const due = began + (index * 1000) / rate;
      const early = due - performance.now();
      if (early > 1) await sleep(early, this.signal);
      if (underWay.size >= MOST_UNDER_WAY) await Promise.race(underWay);
      /** @type {Promise<void>} */
      const one = this.#add(index).finally(() => underWay.delete(one));
      underWay.add(one);
    }
    await Promise.all(underWay);
  }

  /** @param {number} index */
  async #add(index) {
    const cart = this.#carts[index % this.#carts.length];
    const skuId = SKUS[Math.floor(index / this.#carts.length) % SKUS.length];
    if (cart === undefined || skuId === undefined) return;
    this.#asked += 1;
    const began = performance.now();
    try {
      const { version } = await call(this.target, this.target.add(cart, skuId, 'minimal'));
      const answeredAt = performance.now();
      this.#answers.push(answeredAt - began);
      this.#waiting.push({ userId: cart.id, skuId, version: BigInt(version), answeredAt });
    } catch (error) {
      if (this.#failed++ === 0) this.progress.line(`a write failed: ${/** @type {Error} */ (error).message}`);
    }
  }

  /** One look into MySQL. A row of a later version is the change, too: it was overtaken on its way. */
  async #look() {
    const asked = this.#waiting.slice(0, LOOK_AT);
    if (asked.length === 0) return;
    const places = asked.map(() => '(?, ?)').join(', ');
    const [rows] = await this.database.query({
      sql: `SELECT user_id, product_sku_id, version FROM cart WHERE (user_id, product_sku_id) IN (${places})`,
      values: asked.flatMap(({ userId, skuId }) => [userId, skuId]),
      timeout: 30_000,
    });
    const seenAt = performance.now();
    const versions = new Map(
      /** @type {any[]} */ (rows).map((row) => [`${row.user_id} ${row.product_sku_id}`, BigInt(row.version)]),
    );
    const isThere = (/** @type {Waiting} */ { userId, skuId, version }) =>
      (versions.get(`${userId} ${skuId}`) ?? -1n) >= version;
    this.#waiting = this.#waiting.filter((one) => {
      // An answer that came during the look was not looked for.
      if (one.answeredAt > seenAt || !isThere(one)) return true;
      this.#lags.push(seenAt - one.answeredAt);
      return false;
    });
  }
}

/** The value that `share` of them do not exceed. @param {number[]} values @param {number} share */
export function quantile(values, share) {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? NaN;
}
