import { describe, expect, it } from 'vitest';
import { drain } from './drain.mjs';

describe('drain', () => {
  it('ends when the outbox is empty and every add is logged, not before', async () => {
    const depths = [2, 0, 0];
    const rows = [1, 1, 3];
    const { fault } = await drain({
      outboxDepth: async () => depths.shift() ?? NaN,
      logged: async () => rows.shift() ?? NaN,
      expected: 3,
      timeoutMs: 10_000,
    });
    expect(fault).toBeUndefined();
    expect(depths).toEqual([]);
  });

  it('gives up in the end and says what is missing', async () => {
    const { fault } = await drain({ outboxDepth: async () => 4, logged: async () => 1, expected: 3, timeoutMs: 0 });
    expect(fault).toMatch(/outbox 4, change log 1 of 3/);
  });
});
