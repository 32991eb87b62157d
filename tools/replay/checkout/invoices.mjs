import { readCarts } from '../invoices.mjs';

/**
 * One invoice: a shopper's visit from the first add to the order.
 * @typedef {object} Invoice
 * @property {string} number
 * @property {'user' | 'guest'} kind who adds
 * @property {string} name the user id; for a guest, the invoice
 * @property {string} buyer the user who orders: a guest logs in for that
 * @property {import('../invoices.mjs').Line[]} lines
 */

const FIRST_GUEST = 900_000_000;

/**
 * The invoices in the order of their first lines.
 * @param {Parameters<typeof readCarts>[0]} [options]
 * @returns {Invoice[]}
 */
export function readInvoices(options = {}) {
  /** @type {Map<string, Invoice>} */
  const invoices = new Map();
  for (const { kind, name, lines } of readCarts(options)) {
    for (const line of lines) {
      const number = line.invoice;
      const buyer = kind === 'user' ? name : buyerOf(number, options.userOffset ?? 0);
      const invoice = invoices.get(number) ?? { number, kind, name, buyer, lines: [] };
      if (invoice.buyer !== buyer) throw new Error(`invoice ${number} is of ${invoice.buyer} and of ${buyer}`);
      invoice.lines.push(line);
      invoices.set(number, invoice);
    }
  }
  return [...invoices.values()].sort((a, b) => firstLine(a) - firstLine(b));
}

/** @param {string} number @param {number} userOffset */
function buyerOf(number, userOffset) {
  return String(FIRST_GUEST + Number(number.replace(/\D/g, '')) + userOffset);
}

/** @param {Invoice} invoice */
function firstLine({ lines }) {
  return lines[0]?.number ?? 0;
}
