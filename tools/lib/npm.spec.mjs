import { describe, expect, it } from 'vitest';
import { isInstalled } from './npm.mjs';

const a = { version: '1.0.0', integrity: 'sha512-a' };
const forMac = { version: '2.0.0', integrity: 'sha512-m', optional: true };
const wanted = { packages: { '': { name: 'us' }, 'node_modules/a': a, 'node_modules/for-mac': forMac } };

describe('isInstalled', () => {
  it('accepts what the lock file asks for, without the optional packages of other systems', () => {
    expect(isInstalled(wanted, { packages: { 'node_modules/a': a } })).toBe(true);
  });

  it.each([
    ['nothing is installed', undefined],
    ['a package is missing', { packages: {} }],
    ['a version differs', { packages: { 'node_modules/a': { ...a, version: '1.0.1' } } }],
    ['the content differs', { packages: { 'node_modules/a': { ...a, integrity: 'sha512-b' } } }],
    [
      'an optional package differs',
      { packages: { 'node_modules/a': a, 'node_modules/for-mac': { ...forMac, version: '1' } } },
    ],
  ])('refuses when %s', (_, installed) => {
    expect(isInstalled(wanted, installed)).toBe(false);
  });

  it('refuses without a lock file', () => {
    expect(isInstalled(undefined, { packages: {} })).toBe(false);
  });
});
