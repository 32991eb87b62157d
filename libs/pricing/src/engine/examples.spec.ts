import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { applyCoupons } from './apply-coupons.js';
import { bestCoupons } from './best-coupons.js';
import { Example, readExamples } from '../../../../test/support/pricing-examples.js';
import { promote } from './promote.js';
import type { Quote } from './quote.js';

const NOW = 1_000;
const EXAMPLES = readExamples(readFileSync(new URL('../../../../docs/pricing.md', import.meta.url), 'utf8'), NOW);

describe('the examples worked out by hand in docs/pricing.md', () => {
  it('are all there', () => {
    expect(EXAMPLES.map(({ number }) => number)).toEqual(EXAMPLES.map((_, index) => index + 1));
    expect(EXAMPLES.length).toBeGreaterThanOrEqual(40);
  });

  for (const example of EXAMPLES) {
    it(`${example.number}: ${example.reason}`, () => {
      expect(workOut(example)).toEqual(example.expected);
    });
  }
});

function workOut({ lines, promotions, coupons, declined, stock, expected }: Example): Example['expected'] {
  const giftStock = stock.size > 0 ? (skuId: string) => stock.get(skuId) ?? 0 : undefined;
  const quote = promote({ lines, promotions, now: NOW, declineGifts: declined, giftStock });
  const best = expected.best ? bestCoupons(quote, coupons, NOW) : null;
  const chosen = best ? coupons.filter(({ couponId }) => best.couponIds.includes(couponId)) : coupons;
  const { quote: priced, problems } = applyCoupons(quote, chosen, NOW);
  if (best) expect(best.discount).toBe(priced.totals.couponDiscount);
  const taken = priced.items.filter((item) => item.promotionDiscount + item.couponDiscount > 0);
  return {
    off: new Map(taken.map((item) => [item.skuId, [item.promotionDiscount, item.couponDiscount]])),
    payable: priced.totals.payable,
    promotions: standings(priced),
    gifts: priced.gifts.map(({ promotionId, skuId, quantity }) => `${promotionId} ${skuId}×${quantity}`),
    refused: problems.map(({ couponId, code, gap }) => ({ couponId, code, gap })),
    best: best && best.couponIds,
  };
}

/** By id: the table tells what becomes of each, not in which order. */
function standings({ promotions }: Quote): Example['expected']['promotions'] {
  return new Map(promotions.map(({ promotion, reached, gap }) => [promotion.promotionId, { reached, gap }]));
}
