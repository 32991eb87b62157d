import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CartChange } from '@app/database';
import { anyId, anyItem, anyVersion } from '../../../test/support/arbitraries.js';
import { CartChanged, MalformedEventError, readCartChanged, toCartChanged } from './cart.events.js';

const change: fc.Arbitrary<CartChange> = fc.record({
  owner: fc.record({ kind: fc.constantFrom('user' as const, 'guest' as const), id: anyId }),
  version: anyVersion,
  at: fc.integer({ min: 0, max: 4_000_000_000_000 }),
  action: fc.constantFrom('add', 'set', 'remove'),
  source: fc.constantFrom('user', 'guest'),
  items: fc.array(
    fc
      .tuple(anyItem, fc.nat({ max: 1000 }), fc.boolean())
      .map(([item, before, deleted]) => ({ ...item, before, deleted })),
    { minLength: 1, maxLength: 4 },
  ),
});

function event(): CartChanged {
  const [sample] = fc.sample(change, { numRuns: 1, seed: 1 });
  return toCartChanged({ ...sample!, owner: { kind: 'user', id: '42' } }, 7);
}

describe('a cart.changed event', () => {
  it('names the device, if the client did', () => {
    const one = { ...fc.sample(change, 1)[0]!, device: 'ios-17' };
    expect(readCartChanged(JSON.parse(JSON.stringify(toCartChanged(one, 7))))).toEqual({ ...one, epoch: 7 });
    expect(readCartChanged({ ...event(), device: null })).not.toHaveProperty('device');
  });

  it('may be about a product that nobody knows any more', () => {
    const [one] = fc.sample(change, { numRuns: 1, seed: 1 });
    const items = one!.items.map((item) => ({ ...item, snapshot: { ...item.snapshot, shopId: '0' } }));
    const read = readCartChanged(JSON.parse(JSON.stringify(toCartChanged({ ...one!, items }, 7))));
    expect(read).toEqual({ ...one, items, epoch: 7 });
  });

  it('comes back over the wire as it was', () => {
    fc.assert(
      fc.property(change, (one) => {
        expect(readCartChanged(JSON.parse(JSON.stringify(toCartChanged(one, 7))))).toEqual({ ...one, epoch: 7 });
      }),
    );
  });

  it('may say more than this version knows', () => {
    expect(readCartChanged({ ...event(), channel: 'app' })).toMatchObject({ owner: { id: '42' } });
  });

  it.each([
    ['null', () => null],
    ['a text', () => 'hello'],
    ['no fields', () => ({})],
    ['a future schema', () => ({ ...event(), schema: 2 })],
    ['no items', () => ({ ...event(), items: [] })],
    ['a user id that is none', () => ({ ...event(), owner: { kind: 'user', id: 'x' } })],
    ['a user id beyond a bigint', () => ({ ...event(), owner: { kind: 'user', id: '9223372036854775808' } })],
    ['a SKU id as a number', () => ({ ...event(), items: [{ ...event().items[0], skuId: 1 }] })],
    [
      'a SKU id beyond a bigint',
      () => ({ ...event(), items: [{ ...event().items[0], skuId: '9999999999999999999' }] }),
    ],
    ['a negative quantity', () => ({ ...event(), items: [{ ...event().items[0], quantity: -1 }] })],
    ['a quantity beyond an int', () => ({ ...event(), items: [{ ...event().items[0], quantity: 2 ** 31 }] })],
    ['a price of three places', () => ({ ...event(), items: [{ ...event().items[0], addPrice: '1.234' }] })],
    ['a version of zero', () => ({ ...event(), items: [{ ...event().items[0], version: '0' }] })],
    [
      'the 99th of a month',
      () => ({ ...event(), items: [{ ...event().items[0], addedAt: '2026-01-99T00:00:00.000Z' }] }),
    ],
    [
      'B14: a version above 2^53 in an item',
      () => ({ ...event(), items: [{ ...event().items[0], version: '9007199254740993' }] }),
    ],
    ['B14: a version above 2^53', () => ({ ...event(), version: '9007199254740993' })],
    ['B14: the highest version of a bigint', () => ({ ...event(), version: '9223372036854775807' })],
    ['the year 0', () => ({ ...event(), at: '0000-01-01T00:00:00.000Z' })],
    ['a device of two words', () => ({ ...event(), device: 'two words' })],
    ['no snapshot', () => ({ ...event(), items: [{ ...event().items[0], snapshot: undefined }] })],
  ])('is refused: %s', (_name, malformed) => {
    expect(() => readCartChanged(malformed())).toThrow(MalformedEventError);
  });
});
