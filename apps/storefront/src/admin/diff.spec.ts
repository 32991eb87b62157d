import { describe, expect, it } from 'vitest';
import type { ComparedItem, ItemDiff } from '../api/desk.js';
import { fieldsOf, inOrder, verdictOf } from './diff.js';

const item: ComparedItem = {
  quantity: 2,
  selected: true,
  addPrice: '2.55',
  addedAt: '2026-11-22T08:00:00.123Z',
  updatedAt: '2026-11-22T08:00:00.123Z',
  position: '1763790000000001000',
  version: '1763790000000001',
  snapshot: { name: 'Mug', image: '', spec: 'red', shopId: '7', skuCode: '85123A' },
};
const diff = (redis: ComparedItem | null, mysql: ComparedItem | null, equal: boolean): ItemDiff => ({
  skuId: '1',
  redis,
  mysql,
  equal,
});

describe(fieldsOf.name, () => {
  it('marks what differs and nothing else', () => {
    const other = { ...item, quantity: 77, snapshot: { ...item.snapshot, name: 'Cup' } };
    const marked = fieldsOf(diff(item, other, false)).filter(({ differs }) => differs);
    expect(marked).toEqual([
      { name: 'quantity', redis: '2', mysql: '77', differs: true },
      { name: 'name', redis: 'Mug', mysql: 'Cup', differs: true },
    ]);
  });

  it('shows every field the service compares', () => {
    const read = fieldsOf(diff(item, item, true));
    expect(read).toHaveLength(Object.keys(item).length - 1 + Object.keys(item.snapshot).length);
    expect(read.some(({ differs }) => differs)).toBe(false);
  });

  it('has one side empty where an item is missing, and marks nothing', () => {
    for (const field of fieldsOf(diff(item, null, false))) expect(field).toMatchObject({ mysql: null, differs: false });
  });
});

describe(verdictOf.name, () => {
  it('says where an item is', () => {
    const other = { ...item, quantity: 3 };
    expect(
      [diff(item, item, true), diff(item, other, false), diff(item, null, false), diff(null, item, false)].map(
        verdictOf,
      ),
    ).toEqual(['equal', 'different', 'only in Redis', 'only in MySQL']);
  });
});

describe(inOrder.name, () => {
  it('begins with what differs, and keeps the order otherwise', () => {
    const items = ['1', '2', '3', '4'].map((skuId) => ({ skuId, redis: item, mysql: item, equal: skuId !== '3' }));
    expect(inOrder({ inSync: false, version: '1', items }).map(({ skuId }) => skuId)).toEqual(['3', '1', '2', '4']);
  });
});
