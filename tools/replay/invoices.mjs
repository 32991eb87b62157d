import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';

/**
 * One line of an invoice, as the shopper's call it stands for.
 * @typedef {object} Line
 * @property {number} number line of the file, 2 is the first after the header
 * @property {string} invoice
 * @property {string} skuId 100001 + index of the StockCode in order of first appearance
 * @property {number} quantity as written, also when it is not a quantity one can add
 * @property {number} cents unit price
 *
 * @typedef {Record<'InvoiceNo' | 'StockCode' | 'Quantity' | 'UnitPrice' | 'CustomerID', string>} Row
 *
 * Every line that goes into one cart, in file order.
 * @typedef {object} CartLines
 * @property {'user' | 'guest'} kind
 * @property {string} name the user id; for a guest, the invoice
 * @property {Line[]} lines
 */

const FIRST_SKU_ID = 100_001;
const MAX_PRICE_PLACES = 2;
export const SAMPLE = new URL('../../data/online-retail/sample.csv', import.meta.url);

/**
 * Reads the first `limit` lines of the invoices into carts: one per customer, and one guest per invoice without a
 * customer. Carts stand in order of their first line.
 * @param {{ file?: URL | string, limit?: number, userOffset?: number }} [options]
 * @returns {CartLines[]}
 */
export function readCarts({ file = SAMPLE, limit = Infinity, userOffset = 0 } = {}) {
  /** @type {Map<string, string>} */
  const skuIds = new Map();
  /** @type {Map<string, CartLines>} */
  const carts = new Map();
  const rows = /** @type {Row[]} */ (parse(readFileSync(file), { columns: true }));
  for (const [index, row] of rows.entries()) {
    if (index >= limit) break;
    const code = row.StockCode;
    if (!skuIds.has(code)) skuIds.set(code, String(FIRST_SKU_ID + skuIds.size));
    const invoice = row.InvoiceNo;
    const customer = row.CustomerID;
    const kind = customer === '' ? 'guest' : 'user';
    const name = kind === 'guest' ? invoice : String(Number(customer) + userOffset);
    const key = `${kind} ${name}`;
    if (!carts.has(key)) carts.set(key, { kind, name, lines: [] });
    carts.get(key)?.lines.push({
      number: index + 2,
      invoice,
      skuId: /** @type {string} */ (skuIds.get(code)),
      quantity: Number(row.Quantity),
      cents: toCents(row.UnitPrice),
    });
  }
  return [...carts.values()];
}

/**
 * `2.1` → 210. Works on the digits: 607.49 * 100 is not an integer in floating point.
 * @param {string} price decimal string
 */
export function toCents(price) {
  const match = /^(\d+)(?:\.(\d+))?$/.exec(price);
  const places = match?.[2] ?? '';
  if (!match || places.length > MAX_PRICE_PLACES) throw new Error(`${price} is not a price in whole cents.`);
  return Number(match[1] + places.padEnd(MAX_PRICE_PLACES, '0'));
}

/**
 * 210 → `2.10`.
 * @param {number} cents
 */
export function toPrice(cents) {
  return `${Math.trunc(cents / 100)}.${String(cents % 100).padStart(MAX_PRICE_PLACES, '0')}`;
}
