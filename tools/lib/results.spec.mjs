import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { forget, keep, kept, slowest } from './results.mjs';

/** @type {string} */
let folder;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'results-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('the sum of both tiers', () => {
  it('adds what each tier counted', () => {
    keep(folder, 'fast', { passed: 7, failed: 0 });
    keep(folder, 'deep', { passed: 3, failed: 1 });
    expect(kept(folder)).toEqual({ passed: 10, failed: 1 });
  });

  it('counts a tier that did not run to its end as a failure, also when an earlier run of it passed', () => {
    keep(folder, 'fast', { passed: 7, failed: 0 });
    keep(folder, 'deep', { passed: 3, failed: 0 });
    forget(folder, 'fast');
    expect(kept(folder)).toEqual({ passed: 0, failed: 2 });
    keep(folder, 'fast', { passed: 7, failed: 0 });
    expect(kept(folder)).toEqual({ passed: 7, failed: 1 });
  });
});

describe('slowest', () => {
  it('lists ten files, the slowest first', () => {
    const files = Array.from({ length: 12 }, (_, n) => ({ project: 'unit', file: `${n}.spec.ts`, ms: n * 1000 }));
    const lines = slowest(files);
    expect(lines).toHaveLength(10);
    expect(lines[0]).toBe('   11.0 s  unit        11.spec.ts');
  });
});
