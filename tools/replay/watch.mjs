import { toPrice } from './invoices.mjs';

/** So many changes are named. */
const NAMED = 5;

/**
 * @typedef {object} Sources where what a replay depends on is found, beside the answers that are judged
 * @property {() => Promise<{ maxSkus: number, maxQuantityPerSku: number }>} limits of the service now
 * @property {() => Promise<Map<string, number>>} prices SKUs for sale now → cents
 */

/**
 * Sees what others change while a replay runs: limits, prices, SKUs that are not for sale any more. The answers then
 * differ from the calculation, and that is no fault of the service.
 */
export class Watch {
  /** @type {Map<string, string>} what changed → the first change that was seen of it */
  #seen = new Map();
  /** @type {string | undefined} */
  #limits;

  /**
   * @param {Sources} sources
   * @param {Map<string, number>} expected price of each SKU, as the replay itself has set it last
   * @param {Iterable<string>} skuIds that are added
   */
  constructor(sources, expected, skuIds) {
    this.sources = sources;
    this.expected = expected;
    this.skuIds = [...new Set(skuIds)];
  }

  /** Takes the limits for those of the replay. */
  async begin() {
    this.#limits = await this.#limitsNow();
  }

  /** Looks at the limits, which may be put back before the end: at each answer that differs, and at the end. */
  async lookAtLimits() {
    const now = await this.#limitsNow();
    if (now !== this.#limits) this.#note('limits', `the limits were ${this.#limits}, and are ${now}`);
  }

  /**
   * Looks at prices while the replay changes none of these.
   * @param {readonly string[]} [skuIds]
   */
  async lookAtPrices(skuIds = this.skuIds) {
    const now = await this.sources.prices();
    for (const skuId of skuIds) {
      const [right, found] = [this.expected.get(skuId), now.get(skuId)];
      if (found === undefined) this.#note(skuId, `SKU ${skuId} is not for sale any more`);
      else if (right !== undefined && found !== right) {
        this.#note(skuId, `SKU ${skuId} was set to ${toPrice(right)}, and costs ${toPrice(found)}`);
      }
    }
  }

  /**
   * Looks at all that a differing answer may come from. What cannot be asked now is asked at the end.
   * @param {string} skuId whose price the replay holds meanwhile
   */
  async lookAgain(skuId) {
    if (this.#seen.size >= NAMED) return;
    await Promise.allSettled([this.lookAtLimits(), this.lookAtPrices([skuId])]);
  }

  /** One sentence; `undefined`: no change was seen. */
  verdict() {
    if (this.#seen.size === 0) return undefined;
    const named = [...this.#seen.values()].slice(0, NAMED);
    const more = this.#seen.size - named.length;
    return (
      `others changed what the replay depends on while it ran, so it proves nothing: ${named.join('; ')}` +
      `${more > 0 ? `; and ${more} more` : ''}. Repeat it while it alone changes the service.`
    );
  }

  /** @param {string} what @param {string} change */
  #note(what, change) {
    if (!this.#seen.has(what)) this.#seen.set(what, change);
  }

  async #limitsNow() {
    const { maxSkus, maxQuantityPerSku } = await this.sources.limits();
    return `${maxSkus} SKUs and ${maxQuantityPerSku} of each`;
  }
}
