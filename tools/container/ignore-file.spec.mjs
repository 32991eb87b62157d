import { describe, expect, it } from 'vitest';
import { parseIgnoreFile } from './ignore-file.mjs';

/** @param {string[]} patterns @param {string[]} paths */
const kept = (patterns, ...paths) => {
  const ignored = parseIgnoreFile(patterns.join('\n'));
  return paths.filter((path) => !ignored(path));
};

describe('parseIgnoreFile', () => {
  it('leaves out a name and all below it', () => {
    expect(kept(['# comment', '', '/dist/'], 'dist', 'dist/a/b', 'libs/dist', 'distant')).toEqual([
      'libs/dist',
      'distant',
    ]);
  });

  it('lets the last fitting pattern decide', () => {
    expect(kept(['*', '!apps', 'apps/x'], 'a', 'apps', 'apps/server/main.ts', 'apps/x/y')).toEqual([
      'apps',
      'apps/server/main.ts',
    ]);
  });

  it('keeps * within a name and lets ** span folders', () => {
    expect(kept(['a/*.ts'], 'a/x.ts', 'a/b/x.ts')).toEqual(['a/b/x.ts']);
    expect(kept(['**/*.spec.ts'], 'x.spec.ts', 'a/b/x.spec.ts', 'a/spec.ts')).toEqual(['a/spec.ts']);
    expect(kept(['**/.env*'], '.env', 'a/.env.local', 'a/env')).toEqual(['a/env']);
  });
});
