import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { readSampleCatalogue, sampleFile } from './sample-catalogue.js';

const folders: string[] = [];
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true })));

function catalogueOf(...lines: string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'sample-catalogue-'));
  folders.push(folder);
  const file = join(folder, 'sample.csv');
  const header = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country';
  writeFileSync(file, [header, ...lines, ''].join('\n'));
  return readSampleCatalogue(file).filter((sku) => sku.skuId < '900000');
}
const line = (code: string, description: string, price: string) => `1,${code},${description},1,2010-12-01,${price},,UK`;

describe('readSampleCatalogue', () => {
  it('numbers each StockCode in order of first appearance and keeps its first price', () => {
    const skus = catalogueOf(line('85123A', 'HOLDER', '2.55'), line('22', 'CUP', '3'), line('85123A', 'OTHER', '9.9'));
    expect(skus.map(({ skuId, skuCode, name, price }) => [skuId, skuCode, name, price])).toEqual([
      ['100001', '85123A', 'HOLDER', '2.55'],
      ['100002', '22', 'CUP', '3.00'],
    ]);
  });

  it('tells codes apart that differ in case only', () => {
    expect(catalogueOf(line('85123a', 'X', '1.5'), line('85123A', 'X', '1.5'))).toHaveLength(2);
  });

  it('names an article without a description by its code', () => {
    expect(catalogueOf(line('21134', '  ', '0.0'))[0]).toMatchObject({ name: '21134', price: '0.00' });
  });

  it('spreads the articles over twenty shops by their index', () => {
    const skus = catalogueOf(...Array.from({ length: 21 }, (_, i) => line(`S${i}`, 'X', '1')));
    expect([skus[0]?.shopId, skus[19]?.shopId, skus[20]?.shopId]).toEqual(['1', '20', '1']);
  });

  it.each(['2.555', '-1.00', '', '1e3'])('refuses %j as a price instead of rounding it', (price) => {
    expect(() => catalogueOf(line('A', 'X', price))).toThrow(/StockCode A/);
  });

  it('reads the 1,690 articles of the real file and the demo set', () => {
    const skus = readSampleCatalogue();
    const real = skus.filter((sku) => sku.skuId < '900000');
    expect(real).toHaveLength(1690);
    expect(real[0]).toEqual({
      skuId: '100001',
      skuCode: '85123A',
      shopId: '1',
      shopName: 'Shop 1',
      name: 'WHITE HANGING HEART T-LIGHT HOLDER',
      price: '2.55',
      stock: 1_000_000,
      lowStockThreshold: 5,
      status: 'on',
    });
    expect(new Set(skus.map((sku) => sku.skuId)).size).toBe(skus.length);
    expect(new Set(skus.map((sku) => sku.skuCode)).size).toBe(skus.length);
    expect(skus.every((sku) => /^\d{1,8}\.\d\d$/.test(sku.price) && sku.name !== '')).toBe(true);
  });

  it('has a demo of variants, low stock, sold out, off the shelf and a purchase limit', () => {
    const demo = readSampleCatalogue().filter((sku) => sku.skuId > '900000');
    const shirts = demo.filter((sku) => sku.spuId !== undefined);
    expect(new Set(shirts.map((sku) => sku.spuId)).size).toBe(1);
    expect(new Set(shirts.map((sku) => sku.spec)).size).toBe(6);
    expect(demo.some((sku) => sku.stock > 0 && sku.stock <= (sku.lowStockThreshold ?? 0))).toBe(true);
    expect(demo.some((sku) => sku.stock === 0)).toBe(true);
    expect(demo.some((sku) => sku.status === 'off')).toBe(true);
    expect(demo.some((sku) => sku.purchaseLimit !== undefined)).toBe(true);
    expect(demo.every((sku) => (sku.image?.length ?? 0) <= 255)).toBe(true);
  });
});

describe('sampleFile', () => {
  it('finds the file from the build as well as from the source', () => {
    const root = new URL('../../../', import.meta.url);
    const fromBuild = sampleFile(new URL('dist/apps/server/src/sample-catalogue.js', root).href);
    expect(fromBuild.href).toBe(sampleFile().href);
    expect(fromBuild.href).toBe(new URL('data/online-retail/sample.csv', root).href);
  });
});
