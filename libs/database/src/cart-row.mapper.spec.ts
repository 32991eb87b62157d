import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyId, anyItem, anyVersion } from '../../../test/support/arbitraries.js';
import {
  formatItem,
  fromCents,
  parseItem,
  parseOutboxEntry,
  parseRow,
  toCartRows,
  toCents,
} from './cart-row.mapper.js';
import { toDateTime } from './date-time.js';
import { formatSnapshot } from './snapshots.js';

describe('an item', () => {
  it('comes back from a Redis field as it was', () => {
    fc.assert(
      fc.property(anyItem, (item) => {
        expect(parseItem(item.skuId, formatItem(item))).toEqual(item);
      }),
    );
  });

  it('comes back from a row as it was, whatever order the database gives the keys of the snapshot', () => {
    fc.assert(
      fc.property(anyItem, anyId, fc.boolean(), (item, userId, asText) => {
        const { skuCode, shopId, spec, image, name } = item.snapshot;
        const shuffled = { skuCode, shopId, spec, image, name };
        const row = parseRow({
          user_id: userId,
          product_sku_id: item.skuId,
          product_sku_num: item.quantity,
          add_amount: fromCents(item.addPrice),
          selected_status: item.selected ? 1 : 0,
          is_deleted: 0,
          version: item.version,
          added_at: toDateTime(item.addedAt),
          changed_at: toDateTime(item.changedAt),
          position: item.position,
          snapshot: asText ? JSON.stringify(shuffled) : shuffled,
        });
        const removed = { deleted: true, isFlagWrong: true };
        expect(row).toEqual({ ...item, userId, ...(item.quantity === 0 ? removed : { deleted: false }) });
        expect(formatSnapshot(row.snapshot)).toBe(formatSnapshot(item.snapshot));
      }),
    );
  });

  it('is refused when the field holds something else', () => {
    const snapshot = '{"name":"","image":"","spec":"","shopId":"7","skuCode":"c"}';
    const item = `1 1 1 1 1 1 1 ${snapshot}`;
    expect(parseItem('1', item)).toMatchObject({ skuId: '1', quantity: 1 });
    for (const head of ['', '1', 'x 1 1 1 1 1 1', '1 2 1 1 1 1 1', '1 1 1 1 1 1', '-1 1 1 1 1 1 1']) {
      expect(() => parseItem('1', `${head} ${snapshot}`)).toThrow('not a cart item');
    }
    for (const raw of ['', '1', '1 1 1 1 1 1 1 {}', '1 1 1 1 1 1 1 {']) {
      expect(() => parseItem('1', raw)).toThrow('not a cart item');
    }
    for (const skuId of ['', '0x1', '"', '01', '9223372036854775808']) {
      expect(() => parseItem(skuId, item)).toThrow('not a cart item');
    }
  });
});

describe('an entry of the outbox', () => {
  const change = fc.record({
    id: anyId,
    version: anyVersion,
    items: fc.array(fc.tuple(anyItem, fc.nat({ max: 1000 }), fc.boolean()), { minLength: 1, maxLength: 5 }),
  });

  it('becomes the rows of its user', () => {
    fc.assert(
      fc.property(change, ({ id, version, items }) => {
        const rows = items.flatMap(([item, before, deleted]) => [
          'r',
          `${item.skuId} ${before} ${deleted ? 1 : 0} ${formatItem(item)}`,
        ]);
        const parsed = parseOutboxEntry([
          'o',
          `user:${id}`,
          'v',
          version,
          't',
          '1000',
          'a',
          'add',
          's',
          'user',
          ...rows,
        ]);
        expect(parsed).toMatchObject({ owner: { kind: 'user', id }, version, at: 1000, action: 'add', source: 'user' });
        expect(parsed.items.map((item) => item.before)).toEqual(items.map(([, before]) => before));
        expect(toCartRows(parsed)).toEqual(items.map(([item, , deleted]) => ({ ...item, userId: id, deleted })));
      }),
    );
  });

  it('of a guest becomes no row at all', () => {
    const item = '1 0 0 1 1 5 1 1 1 1 {"name":"","image":"","spec":"","shopId":"1","skuCode":"a"}';
    const guest = parseOutboxEntry(['o', 'guest:ab', 'v', '1', 't', '1', 'a', 'add', 's', 'guest', 'r', item]);
    expect(guest.items).toHaveLength(1);
    expect(toCartRows(guest)).toEqual([]);
  });

  it('is refused when a part is missing', () => {
    expect(() => parseOutboxEntry(['o', 'user:1', 'v', '1', 't', '1', 'a', 'add'])).toThrow('not an outbox entry');
    expect(() => parseOutboxEntry(['o', 'robot:1', 'v', '1', 't', '1', 'a', 'add', 'r', '1 0 0 x'])).toThrow();
  });
});

describe('amounts', () => {
  it('come back as they were', () => {
    fc.assert(
      fc.property(fc.nat({ max: 9_999_999_999 }), (cents) => {
        expect(toCents(fromCents(cents))).toBe(cents);
      }),
    );
  });

  it('have two places, also below zero', () => {
    expect([5, 1250, -20, -1205].map(fromCents)).toEqual(['0.05', '12.50', '-0.20', '-12.05']);
    expect(() => toCents('1.5')).toThrow();
  });
});
