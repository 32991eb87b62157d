import { describe, expect, it } from 'vitest';
import { ABOUT, help, stepsOf, TIERS } from './stages.mjs';

describe('stages', () => {
  it('are each described, and listed by --help', () => {
    const all = [...TIERS.fast, ...TIERS.deep].flat();
    expect(Object.keys(ABOUT).sort()).toEqual([...all].sort());
    for (const name of all) expect(help()).toContain(`\n  ${name} `);
  });

  it('run as the whole tier, or as the named ones of either tier in their order', () => {
    expect(stepsOf('deep', [])).toEqual(TIERS.deep);
    expect(stepsOf('fast', ['fault', 'unit', 'lint', 'typecheck'])).toEqual([
      ['lint', 'typecheck'],
      ['unit'],
      ['fault'],
    ]);
  });
});
