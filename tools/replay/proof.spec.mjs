import { describe, expect, it } from 'vitest';
import { expectCart } from './oracle.mjs';
import { prove } from './proof.mjs';
import { parseItem } from './stores.mjs';

const SNAPSHOT = '{"name":"CUP OF TEA","image":"","spec":"","shopId":"1","skuCode":"A"}';
const ADDED = Date.parse('2010-12-01T08:26:00.123Z');

/** A user who added SKU 1 twice and SKU 2 once, as all places tell it when nothing is wrong. */
function evidence() {
  const lines = [
    ['1', 2, 255],
    ['2', 1, 100],
    ['1', 3, 235],
  ].map(([skuId, quantity, cents], i) => ({
    number: i + 2,
    invoice: '1',
    skuId: String(skuId),
    quantity: Number(quantity),
    cents: Number(cents),
  }));
  const items = () => [
    parseItem('2', `1 1 100 ${ADDED} ${ADDED} 12000 12 ${SNAPSHOT}`),
    parseItem('1', `5 1 255 ${ADDED} ${ADDED} 11000 13 ${SNAPSHOT}`),
  ];
  const told = { selected: true, addedAt: '2010-12-01T08:26:00.123Z', updatedAt: '2010-12-01T08:26:00.123Z' };
  return {
    label: 'user 42',
    lastVersion: '13',
    startVersion: '0',
    lines,
    expected: expectCart({ kind: 'user', name: '42', lines }, { maxSkus: 120, maxQuantity: 99 }),
    prices: new Map([
      ['1', 235],
      ['2', 100],
    ]),
    answer: {
      version: '13',
      badge: { skus: 2, quantity: 6, selectedSkus: 2, selectedQuantity: 6 },
      totals: { skus: 2, quantity: 6, goods: '12.75' },
      items: [
        { ...told, skuId: '2', quantity: 1, addPrice: '1.00', version: '12', snapshot: JSON.parse(SNAPSHOT) },
        { ...told, skuId: '1', quantity: 5, addPrice: '2.55', version: '13', snapshot: JSON.parse(SNAPSHOT) },
      ],
    },
    redis: { meta: { version: '13', skus: 2, quantity: 6, selectedSkus: 2, selectedQuantity: 6 }, items: items() },
    mysql: items(),
    log: [
      { skuId: '1', version: 11n, action: 'add', before: 0, after: 2, cents: 255 },
      { skuId: '2', version: 12n, action: 'add', before: 0, after: 1, cents: 100 },
      { skuId: '1', version: 13n, action: 'add', before: 2, after: 5, cents: 255 },
    ],
  };
}
/** @param {(e: any) => void} spoil */
const differencesAfter = (spoil) => {
  const spoilt = evidence();
  spoil(spoilt);
  return prove(spoilt);
};

describe('prove', () => {
  it('finds nothing when all places agree', () => {
    expect(prove(evidence())).toEqual([]);
  });

  it('does not ask MySQL for a guest', () => {
    expect(differencesAfter((e) => (e.mysql = undefined))).toEqual([]);
  });

  it.each(['quantity', 'selected', 'addCents', 'addedAt', 'changedAt', 'version', 'position', 'snapshot'])(
    'sees another %s in MySQL',
    (field) => {
      expect(differencesAfter((e) => (e.mysql[0][field] = 'other'))).toEqual([
        expect.stringMatching(new RegExp(`^user 42: SKU 2 ${field}: MySQL other, Redis `)),
      ]);
    },
  );

  it.each([
    ['a row too few', (e) => e.mysql.pop(), /SKU 1 is in Redis, not in MySQL/],
    ['a row too many', (e) => e.mysql.push({ ...e.mysql[0], skuId: '9' }), /SKU 9 is in MySQL, not in Redis/],
    ['another order in Redis', (e) => e.redis.items.reverse(), /Redis and answer hold the same items in another order/],
    ['another order than calculated', (e) => e.answer.items.reverse(), /answer and calculation hold the same items/],
    [
      'another quantity than calculated',
      (e) => (e.answer.items[1].quantity = 4),
      /SKU 1 quantity: answer 4, calculation 5/,
    ],
    ['a lost version', (e) => (e.answer.version = '12'), /version of the last answer is 12, not 13/],
    ['a wrong counter in Redis', (e) => (e.redis.meta.quantity = 7), /quantity counted in Redis is 7, not 6/],
    ['a wrong badge', (e) => (e.answer.badge.skus = 3), /badge.skus is 3, not 2/],
    ['a wrong sum', (e) => (e.answer.totals.goods = '12.74'), /totals.goods is 12.74, not 12.75/],
    [
      'a cart that is gone from Redis',
      (e) => (e.redis = { meta: undefined, items: [] }),
      /version in Redis is undefined/,
    ],
    ['an add without an entry in the log', (e) => e.log.splice(1, 1), /change log: 2 entries, not 3/],
    [
      'an add logged twice',
      (e) => e.log.push({ ...e.log[2], version: 14n }),
      /change log entry 4: add 1 2→5 at 255, not none/,
    ],
    [
      'a wrong quantity in the log',
      (e) => (e.log[2].before = 1),
      /change log entry 3: add 1 1→5 at 255, not add 1 2→5/,
    ],
  ])('sees %s', (_, spoil, message) => {
    const differences = differencesAfter(spoil);
    expect(differences.some((difference) => message.test(difference))).toBe(true);
  });

  it('leaves alone what was removed and logged before the replay', () => {
    const differences = differencesAfter((e) => {
      e.startVersion = '10';
      e.mysql.push({ ...e.mysql[0], skuId: '9', quantity: 0, version: '10' });
      e.log.unshift({ skuId: '9', version: 9n, action: 'remove', before: 1, after: 0, cents: 1 });
    });
    expect(differences).toEqual([]);
  });
});
