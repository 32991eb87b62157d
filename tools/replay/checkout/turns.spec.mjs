import { describe, expect, it } from 'vitest';
import { readInvoices } from './invoices.mjs';
import { playInTurns, Turns } from './turns.mjs';

/** @param {string} number @param {string} buyer @param {[sku: string, cents: number][]} prices @returns {import('./invoices.mjs').Invoice} */
function invoice(number, buyer, ...prices) {
  const lines = prices.map(([skuId, cents], i) => ({ number: i + 2, invoice: number, skuId, quantity: 1, cents }));
  return { number, kind: 'user', name: buyer, buyer, lines };
}

/** Numbers of all that may begin now. @param {Turns} turns */
function begin(turns) {
  const begun = [];
  for (let one = turns.next(); one; one = turns.next()) begun.push(one);
  return begun;
}
const numbers = (/** @type {import('./invoices.mjs').Invoice[]} */ invoices) => invoices.map(({ number }) => number);

describe('Turns', () => {
  it('lets one SKU be bought by many at one price, and by nobody at another meanwhile', () => {
    const turns = new Turns([
      invoice('1', 'a', ['7', 100], ['8', 5]),
      invoice('2', 'b', ['7', 100]),
      invoice('3', 'c', ['7', 120]),
      invoice('4', 'd', ['9', 1]),
    ]);
    const begun = begin(turns);
    expect(numbers(begun)).toEqual(['1', '2', '4']);
    turns.end(/** @type {any} */ (begun[0]));
    expect(begin(turns)).toEqual([]);
    turns.end(/** @type {any} */ (begun[1]));
    expect(numbers(begin(turns))).toEqual(['3']);
  });

  it('leaves a SKU alone to the invoice that has it at two prices', () => {
    const turns = new Turns([
      invoice('1', 'a', ['7', 1], ['7', 2], ['7', 1]),
      invoice('2', 'b', ['7', 1]),
      invoice('3', 'c', ['7', 3], ['7', 2]),
    ]);
    expect(numbers(begin(turns))).toEqual(['1']);
  });

  it('plays the invoices of one customer one after the other, none before an earlier one that waits', () => {
    const turns = new Turns([
      invoice('1', 'a', ['7', 1]),
      invoice('2', 'b', ['7', 2]),
      invoice('3', 'b', ['8', 1]),
      invoice('4', 'a', ['9', 1]),
    ]);
    const [first] = begin(turns);
    expect(first?.number).toBe('1');
    turns.end(/** @type {any} */ (first));
    expect(numbers(begin(turns))).toEqual(['2', '4']);
  });

  it('holds the half of its SKUs for nobody', () => {
    const turns = new Turns([
      invoice('1', 'a', ['7', 1]),
      invoice('2', 'b', ['8', 1], ['7', 2]),
      invoice('3', 'c', ['8', 2]),
    ]);
    expect(numbers(begin(turns))).toEqual(['1', '3']);
  });
});

describe('playInTurns', () => {
  it('plays the whole sample, each SKU at one price at a time and each buyer in the order of the file', async () => {
    const invoices = readInvoices();
    /** @type {Map<string, number>} */
    const prices = new Map();
    const atOnce = { now: 0, most: 0 };
    /** @type {import('./invoices.mjs').Invoice[]} */
    const played = [];
    await playInTurns(new Turns(invoices), 8, async (one) => {
      atOnce.most = Math.max(atOnce.most, ++atOnce.now);
      played.push(one);
      for (const { skuId, cents } of one.lines) {
        prices.set(skuId, cents);
        await Promise.resolve();
        expect(prices.get(skuId)).toBe(cents);
      }
      await new Promise((resolve) => setImmediate(resolve));
      for (const { skuId, cents } of new Map(one.lines.map((line) => [line.skuId, line])).values()) {
        expect(prices.get(skuId)).toBe(cents);
      }
      atOnce.now -= 1;
    });
    expect(played).toHaveLength(invoices.length);
    expect(atOnce.most).toBeGreaterThan(1);
    expect(atOnce.most).toBeLessThanOrEqual(8);
    for (const { buyer } of invoices) {
      const own = (/** @type {import('./invoices.mjs').Invoice[]} */ list) =>
        numbers(list.filter((one) => one.buyer === buyer));
      expect(own(played)).toEqual(own(invoices));
    }
  });

  it('plays what waits for the only one under way', async () => {
    /** @type {string[]} */
    const played = [];
    const turns = new Turns([invoice('1', 'a', ['7', 1]), invoice('2', 'a', ['7', 1]), invoice('3', 'a', ['7', 2])]);
    await playInTurns(turns, 8, async ({ number }) => void played.push(number));
    expect(played).toEqual(['1', '2', '3']);
  });

  it('begins nothing after a failure, and throws it when the others have ended', async () => {
    /** @type {string[]} */
    const ended = [];
    const turns = new Turns(['1', '2', '3'].map((number) => invoice(number, number, [number, 1])));
    const playing = playInTurns(turns, 2, async ({ number }) => {
      if (number === '1') throw new Error('gone');
      await new Promise((resolve) => setImmediate(resolve));
      ended.push(number);
    });
    await expect(playing).rejects.toThrow('gone');
    expect(ended).toEqual(['2']);
  });
});
