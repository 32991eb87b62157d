import { describe, expect, it } from 'vitest';
import { count, duration, plural, utc, utcExact } from './format.js';

describe('what people read', () => {
  it.each([
    [0, '0 ms'],
    [999, '999 ms'],
    [4_249, '4.2 s'],
    [59_949, '59.9 s'],
    [59_950, '1 min'],
    [185_000, '3 min 5 s'],
    [3_600_000, '1 h'],
    [7_800_000, '2 h 10 min'],
    [null, '–'],
  ])('a duration of %s ms is %s', (ms, text) => expect(duration(ms)).toBe(text));

  it('groups digits, and has a sign for nothing', () => {
    expect([count(12_345), count(0), count(null), count(undefined)]).toEqual(['12,345', '0', '–', '–']);
  });

  it('counts in words', () => {
    expect([plural(1, 'row'), plural(0, 'row'), plural(2, 'entry', 'entries')]).toEqual([
      '1 row',
      '0 rows',
      '2 entries',
    ]);
  });

  it('writes times in UTC', () => {
    expect(utc('2026-11-22T08:00:00.123Z')).toBe('2026-11-22 08:00:00');
    expect(utcExact('2026-11-22T08:00:00.123Z')).toBe('2026-11-22 08:00:00.123');
  });
});
