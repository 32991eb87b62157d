import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { GUARDS } from './guards.list.mjs';

const ROOT = join(import.meta.dirname, '..');

describe('a guard', () => {
  it.each(GUARDS.map((guard) => [guard.name, guard]))(
    '%s: stands where the list says, once',
    (_, { file, from, spec }) => {
      expect(readFileSync(join(ROOT, file), 'utf8').split(from)).toHaveLength(2);
      expect(existsSync(join(ROOT, spec))).toBe(true);
    },
  );
});
