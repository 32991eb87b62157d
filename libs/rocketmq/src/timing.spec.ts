import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backOffMs, pause, settledWithin, within } from './timing.js';

const never = new Promise<never>(() => undefined);

describe(backOffMs.name, () => {
  it('doubles, within a fifth, and never leaves its range', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), (failures) => {
        const delay = backOffMs(failures, { minMs: 100, maxMs: 5000 });
        const full = Math.min(5000, 100 * 2 ** Math.min(failures - 1, 30));
        expect(delay).toBeGreaterThanOrEqual(full * 0.8 - 1);
        expect(delay).toBeLessThanOrEqual(full);
      }),
    );
  });
});

describe(pause.name, () => {
  it('ends early, and without an error, when the signal fires', async () => {
    const stop = new AbortController();
    const paused = pause(3_600_000, stop.signal);
    stop.abort();
    await expect(paused).resolves.toBeUndefined();
    await expect(pause(3_600_000, stop.signal)).resolves.toBeUndefined();
  });
});

describe(within.name, () => {
  it('answers what the work answers', async () => {
    await expect(within(Promise.resolve(1), 1000, () => new Error('late'))).resolves.toBe(1);
    await expect(within(Promise.reject(new Error('no')), 1000, () => new Error('late'))).rejects.toThrow('no');
  });

  it('rejects when the work is late', async () => {
    await expect(within(never, 5, () => new Error('late'))).rejects.toThrow('late');
  });
});

describe(settledWithin.name, () => {
  it('never rejects, and says whether the work was settled', async () => {
    await expect(settledWithin(Promise.resolve(), 1000)).resolves.toBe(true);
    await expect(settledWithin(Promise.reject(new Error('no')), 1000)).resolves.toBe(true);
    await expect(settledWithin(never, 5)).resolves.toBe(false);
    await expect(settledWithin(never, -5)).resolves.toBe(false);
  });
});
