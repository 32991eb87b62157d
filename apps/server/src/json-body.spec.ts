import { type AppError, toProblem } from '@app/common';
import { describe, expect, it } from 'vitest';
import { parseJsonBody } from './json-body.js';

const parse = (text: string) => parseJsonBody(Buffer.from(text));
const REFUSED = expect.objectContaining({ code: 'VALIDATION_FAILED' }) as Error;

describe(parseJsonBody.name, () => {
  it.each(['{}', '[1,2]', '"text"', 'null', '7', ' {"a":[{"b":"c"}]} ', '{"a":"\\"[[[[\\\\"}', '{"名":"凑单"}'])(
    'takes %s',
    (text) => {
      expect(parse(text)).toEqual(JSON.parse(text));
    },
  );

  it('takes no bytes for no body', () => {
    expect(parse('')).toBeUndefined();
  });

  it('takes 32 levels and no more, however they are made', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    expect(parse(nested(32))).toBeInstanceOf(Array);
    expect(() => parse(nested(33))).toThrow('deeper');
    expect(() => parse('{"a":'.repeat(33) + '1' + '}'.repeat(33))).toThrow('deeper');
    expect(() => parse('['.repeat(1_000_000))).toThrow('deeper');
    expect(parse(JSON.stringify('['.repeat(100)))).toBe('['.repeat(100));
    expect(parse('[' + '[],'.repeat(100) + '[]]')).toHaveLength(101);
  });

  it.each(['', '{', '{"a":1,}', "{'a':1}", '"open', '"\\', '\ufeff{}', 'NaN', '{}{}'].slice(1))(
    'refuses %j',
    (text) => {
      expect(() => parse(text)).toThrow(REFUSED);
    },
  );

  it('refuses bytes that are no UTF-8', () => {
    expect(() => parseJsonBody(Buffer.from([0x22, 0xc3, 0x28, 0x22]))).toThrow('UTF-8');
  });

  it('does not repeat a broken text, which may hold a secret', () => {
    let shown = '';
    try {
      parse('{"token":"CANARY"');
    } catch (error) {
      shown = JSON.stringify(toProblem(error as AppError));
    }
    expect(shown).toContain('not valid JSON');
    expect(shown).not.toContain('CANARY');
  });

  it.each([
    '{"__proto__":{"polluted":1}}',
    '{"\\u005f\\u005fproto__":{"polluted":1}}',
    '{"items":[{"constructor":1}]}',
    '{"prototype":1}',
    '{"toString":1}',
    '[{"a":{"hasOwnProperty":1}}]',
  ])('refuses %s', (text) => {
    expect(() => parse(text)).toThrow('is not a name');
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('takes such a word as a value', () => {
    expect(parse('{"name":"constructor toy","note":"\\u00e9"}')).toEqual({ name: 'constructor toy', note: 'é' });
  });

  it.each([
    ['"\\ud83d"', ''],
    ['{"name":"a\\uDC4E"}', 'name'],
    ['[{"name":"x"},{"tags":["ok","\\udc00\\ud800"]}]', '[1].tags[1]'],
    ['{"a":{"\\ud800":1}}', 'a'],
    ['{"a":"\\ud83d\\n\\udc4e"}', 'a'],
  ])('A14: refuses half a surrogate pair: %s', (text, field) => {
    expect(() => parse(text)).toThrow(
      expect.objectContaining({ code: 'VALIDATION_FAILED', details: [expect.objectContaining({ field })] }) as Error,
    );
  });

  it('A14: takes whole pairs, escaped or not', () => {
    expect(parse('{"a":"\\ud83d\\udc4e 👍","\\ud83d\\ude00":1}')).toEqual({ a: '👎 👍', '😀': 1 });
    expect(parse('"\\\\ud83d"')).toBe('\\ud83d');
  });
});
