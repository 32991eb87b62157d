import { describe, expect, it } from 'vitest';
import { AppError } from './app-error.js';
import { parseIfMatch } from './http-if-match.js';

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
