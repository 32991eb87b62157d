import { toPrice } from './invoices.mjs';

/** The live price of every SKU, and one add at a time per SKU: so the price at each add is exactly its line's. */
export class PriceBoard {
  /** @type {Map<string, Promise<unknown>>} */
  #last = new Map();

  /**
   * @param {Map<string, number>} prices SKU → cents now
   * @param {(skuId: string, price: string) => Promise<void>} change sets the price in the service
   */
  constructor(prices, change) {
    this.prices = prices;
    this.change = change;
    this.changes = 0;
  }

  /**
   * @template T
   * @param {string} skuId
   * @param {number} cents
   * @param {() => Promise<T>} add
   * @returns {Promise<T>}
   */
  async at(skuId, cents, add) {
    const turn = (this.#last.get(skuId) ?? Promise.resolve()).then(async () => {
      if (this.prices.get(skuId) !== cents) {
        await this.change(skuId, toPrice(cents));
        this.prices.set(skuId, cents);
        this.changes += 1;
      }
      return add();
    });
    // The next in line waits for the end of this turn, good or bad; its failure is this caller's alone.
    this.#last.set(
      skuId,
      turn.catch(() => undefined),
    );
    return turn;
  }
}
