import 'reflect-metadata';
import { describe, expect, it } from 'vitest';
import { promote } from '@app/pricing';
import { demoCoupons, demoPromotions } from './demo-promotions.js';
import { demoSkus } from './demo-skus.js';
import { readSampleCatalogue } from './sample-catalogue.js';

const cents = (price: string) => Math.round(Number(price) * 100);

describe('the demo promotions', () => {
  it('touch nothing of the invoices', () => {
    const lines = readSampleCatalogue()
      .filter(({ shopId }) => shopId !== '21')
      .map(({ skuId, shopId, price }) => ({ skuId, shopId, quantity: 50, price: cents(price) }));
    expect(lines.length).toBeGreaterThan(1_000);
    const quote = promote({ lines, promotions: demoPromotions(), now: Date.now() });
    expect(quote.promotions).toEqual([]);
    expect(demoCoupons().every(({ scope }) => 'shopId' in scope && scope.shopId === '21')).toBe(true);
  });

  it('each do something for the SKUs of the demo shop, and give one that there is', () => {
    const demo = demoSkus();
    const lines = demo
      .filter(({ status, stock }) => status === 'on' && stock > 0)
      .map(({ skuId, shopId, price }) => ({ skuId, shopId, quantity: 2, price: cents(price) }));
    const giftStock = (skuId: string) => demo.find((one) => one.skuId === skuId)!.stock;
    const quote = promote({ lines, promotions: demoPromotions(), now: Date.now(), giftStock });
    const reached = quote.promotions.filter(({ reached }) => reached).map(({ promotion }) => promotion.promotionId);
    expect(reached.sort()).toEqual(
      demoPromotions()
        .map(({ promotionId }) => promotionId)
        .sort(),
    );
    expect(quote.gifts).toMatchObject([{ skuId: demo.find(({ skuCode }) => skuCode === 'MUG-TWO')!.skuId }]);
  });
});
