import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { checkScript, loadScripts, ScriptSet } from './scripts.js';

describe(loadScripts.name, () => {
  const folders: string[] = [];

  function folderWith(files: Record<string, string>): URL {
    const folder = mkdtempSync(join(tmpdir(), 'scripts-'));
    folders.push(folder);
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    return pathToFileURL(`${folder}/`);
  }

  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });

  it('reads each script with its name, key count and hash', () => {
    const source = 'return { KEYS[1], KEYS[2] }\n';
    const scripts = loadScripts(folderWith({ 'read-cart-2.lua': source, 'ping-server-0.lua': 'return 1', 'a.md': '' }));
    expect(scripts.names).toEqual(['ping-server', 'read-cart']);
    const sha1 = createHash('sha1').update(source).digest('hex');
    expect(scripts.get('read-cart')).toEqual({ name: 'read-cart', keyCount: 2, keyCountText: '2', source, sha1 });
  });

  it('puts an include in the place of its line, text as it is', () => {
    const folder = folderWith({
      'add-item-1.lua': 'local a = 1\n--- @include "includes/cart"\nreturn KEYS[1]\n',
      'includes/cart.lua': `local dollar = '$&'`,
    });
    expect(loadScripts(folder).get('add-item').source).toBe(`local a = 1\nlocal dollar = '$&'\nreturn KEYS[1]\n`);
  });

  it.each([
    ['an include that is not there', { 'a-1.lua': '--- @include "includes/x"' }, /a-1\.lua: cannot read includes\/x/],
    [
      'the same include twice',
      { 'a-1.lua': '--- @include "x/y"\n--- @include "x/y"', 'x/y.lua': 'local a' },
      /a-1\.lua: "x\/y" is included twice/,
    ],
    [
      'an include inside an include',
      { 'a-1.lua': '--- @include "x/y"', 'x/y.lua': '--- @include "x/z"', 'x/z.lua': '' },
      /x\/y: an include cannot include/,
    ],
    ['an include written otherwise', { 'a-1.lua': `--- @include 'x/y'`, 'x/y.lua': '' }, /a-1\.lua: not an include/],
    ['a name without a key count', { 'add-item.lua': 'return 1' }, /add-item\.lua: a script is named/],
    ['two scripts of one name', { 'a-0.lua': 'return 1', 'a-1.lua': 'return KEYS[1]' }, /Two scripts are named a/],
    [
      'a key count that is wrong',
      { 'a-2.lua': 'return KEYS[1]' },
      /a: its name promises 2 keys, its code uses KEYS\[1\]/,
    ],
  ])('refuses %s', (_, files, message) => {
    expect(() => loadScripts(folderWith(files as Record<string, string>))).toThrow(message);
  });
});

describe(checkScript.name, () => {
  const check = (keyCount: number, source: string) => () => checkScript({ name: 'x', keyCount, source });

  it('counts the highest key of the code', () => {
    expect(check(3, 'return KEYS[1] .. KEYS[ 3 ]')).not.toThrow();
    expect(check(2, 'return KEYS[1] .. KEYS[3]')).toThrow(/KEYS\[3\]/);
    expect(check(0, 'return 1')).not.toThrow();
  });

  it('counts neither comments nor strings', () => {
    expect(check(1, `-- KEYS[4]\n--[[ KEYS[5]\n KEYS[6] ]]\nlocal s = 'KEYS[7] -- ' return KEYS[1]`)).not.toThrow();
    expect(check(1, `local s = "--" return KEYS[2]`)).toThrow(/KEYS\[2\]/);
  });
});

describe(ScriptSet.name, () => {
  it('names the scripts there are when it does not know one', () => {
    const scripts = new ScriptSet([{ name: 'add-item', keyCount: 0, keyCountText: '0', source: '', sha1: '' }]);
    expect(() => scripts.get('add-itme')).toThrow('No script is named add-itme; there are: add-item');
  });
});
