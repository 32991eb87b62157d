import { describe, expect, it } from 'vitest';
import { Watch } from './watch.mjs';

/** A service that others may change, and a replay that has begun on it. */
async function begun() {
  const service = {
    limits: { maxSkus: 120, maxQuantityPerSku: 99 },
    prices: new Map([
      ['1', 255],
      ['2', 100],
      ['3', 100],
    ]),
  };
  const expected = new Map(service.prices);
  const sources = { limits: async () => service.limits, prices: async () => service.prices };
  const watch = new Watch(sources, expected, ['1', '2', '2']);
  await watch.begin();
  const look = async () => {
    await watch.lookAtLimits();
    await watch.lookAtPrices();
    return watch.verdict();
  };
  return { service, expected, watch, look };
}

describe('Watch', () => {
  it('A16: says nothing while the replay alone changes prices, and others change SKUs that it does not add', async () => {
    const { service, expected, look } = await begun();
    service.prices.set('1', 300).set('3', 1);
    expected.set('1', 300);
    expect(await look()).toBeUndefined();
  });

  it('A16: names limits that others have changed, in one sentence', async () => {
    const { service, look } = await begun();
    service.limits = { maxSkus: 50, maxQuantityPerSku: 20 };
    expect(await look()).toMatch(
      /^others changed .* the limits were 120 SKUs and 99 of each, and are 50 SKUs and 20 of each\. Repeat/,
    );
  });

  it('A16: names limits that are put back before the end, since it looks when an answer differs', async () => {
    const { service, watch, look } = await begun();
    const before = service.limits;
    service.limits = { ...before, maxQuantityPerSku: 1 };
    await watch.lookAgain('1');
    service.limits = before;
    expect(await look()).toMatch(/99 of each, and are 120 SKUs and 1 of each/);
  });

  it('A16: names prices and SKUs that others have changed', async () => {
    const { service, look } = await begun();
    service.prices.set('1', 256).delete('2');
    expect(await look()).toMatch(/SKU 1 was set to 2\.55, and costs 2\.56; SKU 2 is not for sale any more\./);
  });

  it('A16: names five changes and counts the rest', async () => {
    const skuIds = Array.from({ length: 7 }, (_, i) => String(i));
    const sources = { limits: async () => ({ maxSkus: 1, maxQuantityPerSku: 1 }), prices: async () => new Map() };
    const watch = new Watch(sources, new Map(), skuIds);
    await watch.lookAtPrices();
    expect(watch.verdict()).toMatch(/SKU 4 is not for sale any more; and 2 more\./);
  });

  it('A16: goes on when it cannot look in the middle', async () => {
    const { watch } = await begun();
    watch.sources.prices = () => Promise.reject(new Error('unavailable'));
    await watch.lookAgain('1');
    expect(watch.verdict()).toBeUndefined();
  });
});
