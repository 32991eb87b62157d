import { describe, expect, it } from 'vitest';
import { assertNodeIsNewEnough, isNewEnough } from './node-version.mjs';

describe('isNewEnough', () => {
  it.each(['20.19.0', '20.20.2', '22.0.0', '24.1.0'])('accepts %s', (version) => {
    expect(isNewEnough(version)).toBe(true);
  });

  it.each(['20.18.9', '18.20.0', '8.0.0'])('refuses %s', (version) => {
    expect(isNewEnough(version)).toBe(false);
    expect(() => assertNodeIsNewEnough(version)).toThrow(`Node 20.19 or newer is needed; this is ${version}.`);
  });
});
