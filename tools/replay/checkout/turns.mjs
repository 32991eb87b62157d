/** @typedef {import('./invoices.mjs').Invoice} Invoice */

/** Nobody else may have this SKU meanwhile: its price changes within the invoice. */
const ALONE = -1;

/**
 * Which invoices may be played at once. A price is the shop's, not the shopper's: from its first add to its checkout an
 * invoice needs each of its SKUs at its own price, so those that need another price wait. A customer has one cart, so
 * their invoices follow each other in the file's order.
 */
export class Turns {
  /** @type {Map<string, { cents: number, holders: number }>} */
  #held = new Map();
  /** @type {Set<string>} */
  #shopping = new Set();

  /** @param {readonly Invoice[]} invoices in the file's order */
  constructor(invoices) {
    this.waiting = [...invoices];
    this.needs = new Map(invoices.map((invoice) => [invoice, pricesOf(invoice)]));
  }

  /**
   * The first invoice that may begin now; it holds its SKUs until it {@link end}s. All of them are taken or none, so no
   * two can wait for each other.
   * @returns {Invoice | undefined}
   */
  next() {
    const passed = new Set(this.#shopping);
    for (const [index, invoice] of this.waiting.entries()) {
      if (!passed.has(invoice.buyer) && this.#fits(this.#needsOf(invoice))) {
        this.waiting.splice(index, 1);
        this.#take(invoice);
        return invoice;
      }
      passed.add(invoice.buyer);
    }
    return undefined;
  }

  /** @param {Invoice} invoice */
  end(invoice) {
    this.#shopping.delete(invoice.buyer);
    for (const skuId of this.#needsOf(invoice).keys()) {
      const held = /** @type {{ holders: number }} */ (this.#held.get(skuId));
      held.holders -= 1;
      if (held.holders === 0) this.#held.delete(skuId);
    }
  }

  /** @param {Invoice} invoice */
  #needsOf(invoice) {
    return /** @type {Map<string, number>} */ (this.needs.get(invoice));
  }

  /** @param {Map<string, number>} needs */
  #fits(needs) {
    return [...needs].every(([skuId, cents]) => {
      const held = this.#held.get(skuId);
      return !held || (held.cents === cents && cents !== ALONE);
    });
  }

  /** @param {Invoice} invoice */
  #take(invoice) {
    this.#shopping.add(invoice.buyer);
    for (const [skuId, cents] of this.#needsOf(invoice)) {
      this.#held.set(skuId, { cents, holders: (this.#held.get(skuId)?.holders ?? 0) + 1 });
    }
  }
}

/** @param {Invoice} invoice @returns {Map<string, number>} SKU → its one price in cents, or {@link ALONE} */
function pricesOf({ lines }) {
  const prices = new Map();
  for (const { skuId, cents } of lines) prices.set(skuId, (prices.get(skuId) ?? cents) === cents ? cents : ALONE);
  return prices;
}

/**
 * Plays every invoice, so many at once as there may be. After a failure none begins, and it is thrown when those under
 * way have ended.
 * @param {Turns} turns
 * @param {number} concurrency
 * @param {(invoice: Invoice) => Promise<void>} play
 */
export async function playInTurns(turns, concurrency, play) {
  /** @type {Set<Promise<void>>} */
  const running = new Set();
  /** @type {unknown[]} */
  const failures = [];
  const begin = (/** @type {Invoice} */ invoice) => {
    const one = play(invoice)
      .catch((error) => void failures.push(error))
      .finally(() => {
        turns.end(invoice);
        running.delete(one);
      });
    running.add(one);
  };
  for (;;) {
    while (failures.length === 0 && running.size < concurrency) {
      const invoice = turns.next();
      if (!invoice) break;
      begin(invoice);
    }
    if (running.size === 0) break;
    await Promise.race(running);
  }
  if (failures.length > 0) throw failures[0];
}
