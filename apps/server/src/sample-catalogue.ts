import { existsSync, readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { demoSkus } from './demo-skus.js';
import type { SkuInput } from './sku-input.js';

export type { SkuInput } from './sku-input.js';

const FIRST_SKU_ID = 100_001;
const SHOPS = 20;
const STOCK = 1_000_000;
const LOW_STOCK_THRESHOLD = 5;

type Line = Record<'InvoiceNo' | 'StockCode' | 'Description' | 'Quantity' | 'UnitPrice', string>;

/**
 * The catalogue of the sample: every StockCode of the invoices as one SKU (`100001` on, in order of first appearance),
 * then the demo set (`900001` on). Throws when a line is not an invoice line.
 */
export function readSampleCatalogue(file: URL | string = sampleFile()): SkuInput[] {
  return [...[...firstLines(readLines(file)).values()].map(toSku), ...demoSkus()];
}

/** What each invoice of the sample bought, as SKUs of its catalogue; credit notes and corrections bought nothing. */
export function readSampleBaskets(file: URL | string = sampleFile()): string[][] {
  const lines = readLines(file);
  const skuIds = new Map([...firstLines(lines).keys()].map((code, index) => [code, toSkuId(index)]));
  const baskets = new Map<string, Set<string>>();
  for (const { InvoiceNo, StockCode, Quantity } of lines) {
    if (InvoiceNo.startsWith('C') || Number(Quantity) <= 0) continue;
    const basket = baskets.get(InvoiceNo) ?? new Set();
    baskets.set(InvoiceNo, basket.add(skuIds.get(StockCode)!));
  }
  return [...baskets.values()].map((basket) => [...basket]);
}

function readLines(file: URL | string): Line[] {
  return parse<Line>(readFileSync(file), { columns: true, bom: true, skip_empty_lines: true });
}

function firstLines(lines: readonly Line[]): Map<string, Line> {
  const first = new Map<string, Line>();
  for (const line of lines) if (!first.has(line.StockCode)) first.set(line.StockCode, line);
  return first;
}

function toSkuId(index: number): string {
  return String(FIRST_SKU_ID + index);
}

/** `data/online-retail/sample.csv` of this package, from the source tree as well as from `dist/` and the image. */
export function sampleFile(from: string = import.meta.url): URL {
  let folder = new URL('.', from);
  while (!existsSync(new URL('package.json', folder))) {
    const parent = new URL('..', folder);
    if (parent.href === folder.href) throw new Error('The sample data is not beside a package.json above this file.');
    folder = parent;
  }
  return new URL('data/online-retail/sample.csv', folder);
}

function toSku(line: Line, index: number): SkuInput {
  const shopId = String((index % SHOPS) + 1);
  return {
    skuId: toSkuId(index),
    skuCode: line.StockCode,
    shopId,
    shopName: `Shop ${shopId}`,
    name: line.Description.trim() === '' ? line.StockCode : line.Description,
    price: toPrice(line),
    stock: STOCK,
    lowStockThreshold: LOW_STOCK_THRESHOLD,
    status: 'on',
  };
}

/** The file writes 2.1 for 2.10 and never a third place; a third place would need a decision, not a silent rounding. */
function toPrice({ StockCode, UnitPrice }: Line): string {
  const match = /^(\d{1,8})(?:\.(\d{1,2}))?$/.exec(UnitPrice ?? '');
  if (!match) throw new Error(`StockCode ${StockCode}: ${UnitPrice} is not a price with at most two places.`);
  return `${match[1]}.${(match[2] ?? '').padEnd(2, '0')}`;
}
