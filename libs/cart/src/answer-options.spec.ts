import { describe, expect, it } from 'vitest';
import { AppError } from '@app/common';
import { deviceOf, parseIfMatch } from './answer-options.js';

describe(parseIfMatch.name, () => {
  it.each([
    ['"1763790000000001"', ['1763790000000001']],
    [' "1" , "2" ', ['1', '2']],
    ['*', undefined],
    ['W/"1"', ['none']],
    ['"not-a-version"', ['none']],
    ['"a,b", "7"', ['none', '7']],
  ])('reads %s', (header, versions) => expect(parseIfMatch(header)).toEqual(versions));

  it.each(['', '1', '"1', '"1" "2"', '"1",', '*, "1"', "'1'"])('refuses %j', (header) => {
    expect(() => parseIfMatch(header)).toThrow(AppError);
  });
});

describe(deviceOf.name, () => {
  it.each(['web', 'ios-17/2', '~'.repeat(64)])('takes %j', (header) => expect(deviceOf(header)).toBe(header));

  it.each([undefined, '', 'two words', '~'.repeat(65), 'ü', ['web', 'ios']])('ignores %j', (header) => {
    expect(deviceOf(header)).toBeUndefined();
  });
});
