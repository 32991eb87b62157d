import { describe, expect, it } from 'vitest';
import { readInvoices } from './invoices.mjs';
import { expectOrder, sum, sumOfLines, unitsSold } from './oracle.mjs';

const LIMITS = { maxSkus: 1_000, maxQuantity: 5_000 };

/** @param {[sku: string, quantity: number, cents: number][]} lines @returns {import('./invoices.mjs').Invoice} */
function invoice(...lines) {
  return {
    number: '1',
    kind: 'user',
    name: '42',
    buyer: '42',
    lines: lines.map(([skuId, quantity, cents], i) => ({ number: i + 2, invoice: '1', skuId, quantity, cents })),
  };
}

describe('expectOrder', () => {
  it('adds up repeats and multiplies in whole cents', () => {
    const order = expectOrder(invoice(['7', 3, 60_749], ['8', 2, 255], ['7', 1, 60_749]), LIMITS);
    expect(order.items).toEqual([
      { skuId: '8', quantity: 2, addCents: 255, price: 255, goods: 510 },
      { skuId: '7', quantity: 4, addCents: 60_749, price: 60_749, goods: 242_996 },
    ]);
    expect(order).toMatchObject({ quantity: 6, payable: 243_506 });
  });

  it('asks the last price of a SKU, also when the line that brought it was refused', () => {
    const both = invoice(['7', 3, 100], ['7', 1, 120], ['8', 1, 50], ['8', -1, 60]);
    const order = expectOrder(both, LIMITS);
    expect(order.items.map(({ price, addCents }) => [price, addCents])).toEqual([
      [60, 50],
      [120, 100],
    ]);
    expect(order.payable).toBe(540);
    expect(sumOfLines(both, order)).toBe(470);
  });

  it('orders nothing when every line is bad input', () => {
    expect(expectOrder(invoice(['7', -3, 100], ['8', 0, 100]), LIMITS)).toMatchObject({ items: [], payable: 0 });
  });

  it('counts what must leave the shelves over all orders', () => {
    const orders = [invoice(['7', 3, 1], ['8', 1, 1]), invoice(['7', 2, 2])].map((one) => expectOrder(one, LIMITS));
    expect(unitsSold(orders)).toEqual(
      new Map([
        ['7', 5],
        ['8', 1],
      ]),
    );
  });
});

describe('the sample', () => {
  const invoices = readInvoices();
  const orders = invoices.map((one) => expectOrder(one, LIMITS));

  it('is invoices in the order of the file, each of one buyer', () => {
    expect(invoices).toHaveLength(332);
    expect(sum(invoices.map(({ lines }) => lines.length))).toBe(6_000);
    const first = invoices.map(({ lines }) => lines[0]?.number ?? 0);
    expect(first).toEqual([...first].sort((a, b) => a - b));
    expect(new Set(invoices.map(({ buyer }) => buyer)).size).toBe(250);
  });

  // Summed up by other programs; three invoices have a SKU at two prices, and an order has one price per SKU.
  it('is known to the cent', () => {
    const made = orders.filter(({ items }) => items.length > 0);
    expect(made).toHaveLength(297);
    expect(sum(made.map(({ payable }) => payable))).toBe(11_946_544);
    expect(sum(invoices.map((one, i) => sumOfLines(one, /** @type {any} */ (orders[i]))))).toBe(11_946_022);
  });

  it('lets a guest log in as a user of their own', () => {
    const guests = invoices.filter(({ kind }) => kind === 'guest');
    expect(guests).toHaveLength(28);
    for (const { number, buyer } of guests) expect(buyer).toBe(String(900_000_000 + Number(number)));
    const [shifted] = readInvoices({ userOffset: 7 }).filter(({ kind }) => kind === 'guest');
    expect(shifted?.buyer).toBe(String(900_000_007 + Number(guests[0]?.number)));
  });
});
