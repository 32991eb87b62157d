import { describe, expect, it } from 'vitest';
import { deviceOf } from './answer-options.js';

describe(deviceOf.name, () => {
  it.each(['web', 'ios-17/2', '~'.repeat(64)])('takes %j', (header) => expect(deviceOf(header)).toBe(header));

  it.each([undefined, '', 'two words', '~'.repeat(65), 'ü', ['web', 'ios']])('ignores %j', (header) => {
    expect(deviceOf(header)).toBeUndefined();
  });
});
