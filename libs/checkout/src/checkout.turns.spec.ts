import { describe, expect, it } from 'vitest';
import type { Env } from '@app/common';
import { CheckoutTurns } from './checkout.turns.js';
import { Deadline } from './deadline.js';

/** Works that go on until they are let go, and how many of them have begun. */
class Works {
  begun: string[] = [];
  private readonly held: (() => void)[] = [];

  readonly one = (name: string) => () => {
    this.begun.push(name);
    return new Promise<string>((resolve) => this.held.push(() => resolve(name)));
  };

  letGo(): void {
    for (const go of this.held.splice(0)) go();
  }
}

const settled = async () => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};
const newTurns = () => new CheckoutTurns({ CHECKOUT_TIMEOUT_MS: 4_500 } as Env);
const long = () => new Deadline(60_000);

describe('turns of checkouts', () => {
  it('B9: leave places for others when one SKU takes all it can get', async () => {
    const [turns, works] = [newTurns(), new Works()];
    const hot = Array.from({ length: 12 }, (_, i) => turns.takeWith(['1', '2'], long(), works.one(`hot ${i}`)));
    await settled();
    expect(works.begun).toEqual(['hot 0', 'hot 1']);
    const others = ['3', '4', '5', '6'].map((skuId) => turns.takeWith([skuId], long(), works.one(skuId)));
    await settled();
    expect(works.begun.slice(2)).toEqual(['3', '4', '5', '6']);
    // All six places are taken now.
    const seventh = turns.takeWith(['7'], long(), works.one('7'));
    await settled();
    expect(works.begun).toHaveLength(6);
    while (works.begun.length < 17) {
      works.letGo();
      await settled();
    }
    works.letGo();
    expect(await Promise.all([...hot, ...others, seventh])).toHaveLength(17);
  });

  it('B9: never wait for each other, whatever the order of their SKUs', async () => {
    const turns = newTurns();
    const orders = Array.from({ length: 200 }, (_, i) => (i % 2 ? ['1', '2', '10'] : ['10', '2', '1', '1']));
    const done = await Promise.all(
      orders.map((skuIds) => turns.takeWith(skuIds, long(), () => Promise.resolve(skuIds.length))),
    );
    expect(done).toHaveLength(200);
  });

  it('B9: are refused to who waits past the deadline, and given back whole', async () => {
    const [turns, works] = [newTurns(), new Works()];
    const holding = [0, 1].map((i) => turns.takeWith(['1', '2'], long(), works.one(String(i))));
    await settled();
    const late = turns.takeWith(['0', '2'], new Deadline(5), works.one('late'));
    await expect(late).rejects.toMatchObject({ code: 'CART_BUSY', retryAfter: 1 });
    works.letGo();
    await Promise.all(holding);
    const again = [0, 1].map((i) => turns.takeWith(['0', '2'], long(), works.one(`again ${i}`)));
    await settled();
    expect(works.begun).toEqual(['0', '1', 'again 0', 'again 1']);
    works.letGo();
    await Promise.all(again);
    expect((turns as unknown as { skus: Map<string, unknown> }).skus.size).toBe(0);
  });
});

describe('a deadline', () => {
  it.each([
    [4_500, { CHECKOUT_TIMEOUT_MS: 4_500, ORDER_SERVICE_TIMEOUT_MS: 20_000 }],
    [5_000, { CHECKOUT_TIMEOUT_MS: 4_500, ORDER_SERVICE_TIMEOUT_MS: 3_000, ORDER_SERVICE_URL: 'http://shop' }],
    [9_000, { CHECKOUT_TIMEOUT_MS: 9_000, ORDER_SERVICE_TIMEOUT_MS: 3_000, ORDER_SERVICE_URL: 'http://shop' }],
  ])('B9: is after %i ms: that of the settings, or what an order service may take and two seconds', (ms, settings) => {
    const left = new CheckoutTurns(settings as Env).deadline().left();
    expect(left).toBeGreaterThan(ms - 1_000);
    expect(left).toBeLessThanOrEqual(ms);
  });

  it('B9: answers for work that takes too long, and lets nothing be committed after it', async () => {
    const deadline = new Deadline(5);
    await expect(deadline.race(new Promise(() => undefined))).rejects.toMatchObject({
      ...{ code: 'CART_UNAVAILABLE', retryAfter: 1 },
    });
    expect(() => deadline.assertOpen()).toThrow('Nothing came of it within 5 ms');
    expect([deadline.left(), deadline.left(3)]).toEqual([0, 0]);
  });

  it('B9: does not touch work that ends before it', async () => {
    const deadline = long();
    expect(await deadline.race(Promise.resolve(7))).toBe(7);
    await expect(deadline.race(Promise.reject(new Error('of the work')))).rejects.toThrow('of the work');
    expect(() => deadline.assertOpen()).not.toThrow();
    expect(deadline.left(3)).toBe(3);
  });
});
