import { describe, expect, it } from 'vitest';
import type { CartItem, CartRow } from '@app/database';
import { diffItems, planSync } from './sync.plan.js';

const USER = '42';

function item(skuId: string, version: string, quantity = 1): CartItem {
  const snapshot = { name: 'n', image: '', spec: '', shopId: '1', skuCode: 'c' };
  return { skuId, version, quantity, selected: true, addPrice: 5, addedAt: 1, changedAt: 1, position: '1', snapshot };
}

const row = (from: CartItem, deleted = false): CartRow => ({ ...from, userId: USER, deleted });
const removed = (skuId: string, version: string) => item(skuId, version, 0);

function plan(items: CartItem[], tombstones: CartItem[], rows: CartRow[]) {
  const badge = { skus: 0, quantity: 0, selectedSkus: 0, selectedQuantity: 0 };
  return planSync(USER, { cart: { version: '9', badge, items }, removed: tombstones }, rows);
}

const NOTHING = { write: [], restamp: [], takeOver: [], unflagged: [], confirmed: [], unchanged: 0 };

describe(planSync.name, () => {
  it('leaves equal items alone', () => {
    expect(plan([item('1', '5')], [], [row(item('1', '5'))])).toEqual({ ...NOTHING, unchanged: 1 });
  });

  it('writes an item MySQL lacks or has older, also over a deleted row', () => {
    const rows = [row(item('2', '4')), row(removed('3', '4'), true)];
    const { write } = plan([item('1', '5'), item('2', '5'), item('3', '5')], [], rows);
    expect(write).toEqual([item('1', '5'), item('2', '5'), item('3', '5')].map((one) => row(one)));
  });

  it('stamps an item anew that differs at the same version', () => {
    const rows = [row(item('1', '5', 7)), row(removed('2', '5'), true)];
    expect(plan([item('1', '5'), item('2', '5')], [], rows)).toEqual({ ...NOTHING, restamp: ['1', '2'] });
  });

  it('takes over what MySQL has newer', () => {
    const newer = row(item('1', '6', 3));
    expect(plan([item('1', '5')], [], [newer])).toEqual({ ...NOTHING, takeOver: [newer] });
  });

  it('never deletes a row because Redis lacks the item: it comes back', () => {
    expect(plan([], [], [row(item('1', '5'))])).toEqual({ ...NOTHING, takeOver: [row(item('1', '5'))] });
  });

  it('deletes a row for a tombstone that is newer, once', () => {
    expect(plan([], [removed('1', '6')], [row(item('1', '5'))]).write).toEqual([row(removed('1', '6'), true)]);
    const confirmed = plan([], [removed('1', '6')], [row(removed('1', '6'), true)]);
    expect(confirmed).toEqual({ ...NOTHING, confirmed: [removed('1', '6')] });
  });

  it('takes an item over that was added again after the removal Redis remembers', () => {
    const again = row(item('1', '8'));
    expect(plan([], [removed('1', '6')], [again])).toEqual({ ...NOTHING, takeOver: [again] });
  });

  it('lets an item outrank a removal before it, whatever MySQL has', () => {
    const rows = [row(item('1', '5'))];
    expect(plan([item('1', '8')], [removed('1', '4')], rows)).toEqual({ ...NOTHING, write: [row(item('1', '8'))] });
  });

  it('A15: notices a removed row whose flag was set back by hand, with a tombstone and without', () => {
    const wrong = { ...row(removed('1', '6'), true), isFlagWrong: true };
    expect(plan([], [], [wrong])).toEqual({ ...NOTHING, unflagged: [wrong] });
    expect(plan([], [removed('1', '6')], [wrong])).toEqual({ ...NOTHING, unflagged: [wrong] });
    expect(plan([], [removed('1', '7')], [wrong]).write).toEqual([row(removed('1', '7'), true)]);
    expect(diffItems([], [wrong])).toEqual([{ skuId: '1', redis: null, mysql: wrong, equal: false }]);
  });

  it('does not bring back what is deleted in MySQL', () => {
    expect(plan([], [], [row(removed('1', '6'), true)])).toEqual(NOTHING);
  });
});

describe(diffItems.name, () => {
  it('shows both sides, and what only one of them has', () => {
    const rows = [row(item('1', '5')), row(item('2', '5', 2)), row(item('3', '5')), row(removed('4', '5'), true)];
    const diff = diffItems([item('1', '5'), item('2', '5', 1), item('9', '5')], rows);
    expect(diff.map(({ skuId, equal }) => [skuId, equal])).toEqual([
      ['1', true],
      ['2', false],
      ['9', false],
      ['3', false],
    ]);
    expect(diff[2]!.mysql).toBeNull();
    expect(diff[3]!.redis).toBeNull();
  });
});
