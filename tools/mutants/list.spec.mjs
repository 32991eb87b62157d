import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MUTANTS } from './list.mjs';

const ROOT = join(import.meta.dirname, '../..');

describe('a mutant', () => {
  it.each(MUTANTS.map((mutant) => [mutant.name, mutant]))(
    '%s: its text stands in the file once, and its tests exist',
    (_, { file, from, spec }) => {
      expect(readFileSync(join(ROOT, file), 'utf8').split(from)).toHaveLength(2);
      expect(existsSync(join(ROOT, spec))).toBe(true);
    },
  );
});
