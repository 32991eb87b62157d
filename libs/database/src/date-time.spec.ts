import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromDateTime, toDateTime, toIso } from './date-time.js';

const DAY_MS = 86_400_000;
const anyTime = fc.integer({ min: -8_640_000_000_000_000, max: 8_640_000_000_000_000 });
/** Neighbours of a midnight, where the day that is kept changes. */
const anyMidnight = fc
  .tuple(fc.integer({ min: -800_000, max: 2_900_000 }), fc.integer({ min: -1, max: 1 }))
  .map(([days, ms]) => days * DAY_MS + ms);

describe(toIso.name, () => {
  it('writes what Date writes, in any order of times', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(anyTime, anyMidnight)), (times) => {
        expect(times.map(toIso)).toEqual(times.map((ms) => new Date(ms).toISOString()));
      }),
    );
  });

  it.each([NaN, Infinity, 8_700_000_000_000_000])('refuses %d, and goes on', (ms) => {
    expect(() => toIso(ms)).toThrow(RangeError);
    expect(() => toIso(ms)).toThrow(RangeError);
    expect(toIso(0)).toBe('1970-01-01T00:00:00.000Z');
  });
});

describe(toDateTime.name, () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true }),
        (at) => {
          expect(fromDateTime(toDateTime(at.getTime()))).toBe(at.getTime());
        },
      ),
    );
    expect(toDateTime(Date.UTC(2025, 10, 22, 1, 2, 3, 4))).toBe('2025-11-22 01:02:03.004');
  });
});
