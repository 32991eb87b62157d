import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isBuilt, sourcesDigest } from './build.mjs';

let root = '';
/** @param {string} file @param {string} text */
function write(file, text) {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text);
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'build-'));
  write('apps/server/src/main.ts', 'main');
  write('libs/cart/src/lua/add.lua', 'add');
  write('package-lock.json', '{}');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('sourcesDigest', () => {
  it('is the same for the same sources', () => {
    expect(sourcesDigest(root)).toBe(sourcesDigest(root));
  });

  it.each(['apps/server/src/main.ts', 'libs/cart/src/lua/add.lua', 'package-lock.json', 'ormconfig.ts'])(
    'changes with %s',
    (file) => {
      const before = sourcesDigest(root);
      write(file, 'changed');
      expect(sourcesDigest(root)).not.toBe(before);
    },
  );

  it('changes when a source is renamed or removed', () => {
    const before = sourcesDigest(root);
    write('libs/cart/src/other.lua', 'add');
    rmSync(join(root, 'libs/cart/src/lua/add.lua'));
    expect(sourcesDigest(root)).not.toBe(before);
  });

  it('is not changed by tests and documents', () => {
    const before = sourcesDigest(root);
    write('libs/cart/src/cart.spec.ts', 'test');
    write('docs/architecture.md', 'words');
    expect(sourcesDigest(root)).toBe(before);
  });
});

describe('isBuilt', () => {
  it('believes only the stamp of these very sources', () => {
    expect(isBuilt(root, 'digest')).toBe(false);
    write('dist/.build-stamp', 'digest');
    expect(isBuilt(root, 'digest')).toBe(true);
    expect(isBuilt(root, 'another')).toBe(false);
  });
});
