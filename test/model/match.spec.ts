import { describe, expect, it } from 'vitest';
import { AnyOrder, differences, Learned, Ledger, Partly, TEXT, TimeOf } from './match.js';

const compare = (expected: unknown, actual: unknown, ledger = new Ledger()) => differences(expected, actual, ledger);

describe(differences, () => {
  it('says the place of each difference, of what is missing and of what is too much', () => {
    const expected = { a: { b: [1, { c: '1' }] }, d: null, e: undefined };
    expect(compare(expected, { a: { b: [1, { c: '1' }] }, d: null })).toEqual([]);
    expect(compare(expected, { a: { b: [1, { c: 1 }] }, f: 1 })).toEqual([
      '.a.b[1].c: expected "1", but is 1',
      '.d: expected null, but is missing',
      '.f: not expected, but is 1',
    ]);
    expect(compare([1, 2], [1])).toEqual(['.: expected [1,2], but is [1]']);
    expect(compare({ a: 1 }, null)).toHaveLength(1);
  });

  it('leaves open what the contract leaves open, and no more', () => {
    expect(compare(TEXT, '')).toHaveLength(1);
    expect(compare(new AnyOrder([{ a: 1 }, { a: 2 }]), [{ a: 2 }, { a: 1 }])).toEqual([]);
    expect(compare(new AnyOrder([{ a: 1 }]), [{ a: 1 }, { a: 1 }])).toHaveLength(1);
    const partly = new Partly({ a: 1, b: 2 }, ['b']);
    expect([compare(partly, { a: 1 }), compare(partly, { a: 1, b: 2 })]).toEqual([[], []]);
    expect([compare(partly, { a: 1, b: 3 }), compare(partly, { b: 2 })].map((faults) => faults.length)).toEqual([1, 1]);
  });

  it('holds the service to the times and texts it chose', () => {
    const ledger = new Ledger();
    const time = '2026-11-22T08:00:00.000Z';
    ledger.note('5', Date.parse(time) - 2, Date.parse(time) + 2);
    expect(compare(new TimeOf('5'), '2026-11-22T08:00:00.004Z', ledger)).toHaveLength(1);
    expect(compare(new TimeOf('5'), time, ledger)).toEqual([]);
    expect(compare(new TimeOf('5'), '2026-11-22T08:00:00.001Z', ledger)).toHaveLength(1);
    expect(compare(new TimeOf('6'), '2026-11-22 08:00:00', ledger)).toHaveLength(1);
    expect(compare(new Learned('merge'), 'x', ledger)).toEqual([]);
    expect(compare(new Learned('merge'), 'y', ledger)).toHaveLength(1);
    expect(compare(new Learned('quote'), 'x', ledger)).toEqual(['.: is the merge, and not the quote, but is "x"']);
  });
});
