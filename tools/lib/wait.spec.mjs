import { describe, expect, it } from 'vitest';
import { sleep, together, until } from './wait.mjs';

const { signal } = new AbortController();

describe('until', () => {
  it('returns the first truthy answer', async () => {
    let asked = 0;
    expect(await until(() => (asked += 1) === 3 && 'yes', { timeoutMs: 10_000, what: 'no', everyMs: 1 })).toBe('yes');
  });

  it('counts an error as not yet, and tells the last one', async () => {
    const failing = until(
      () => {
        throw new Error('refused');
      },
      { timeoutMs: 30, what: 'It did not answer', everyMs: 5 },
    );
    await expect(failing).rejects.toThrow(/^It did not answer within 0 s: refused$/);
  });
});

describe('together', () => {
  it('returns all results in order', async () => {
    expect(await together(signal, [async () => 1, async () => 2])).toEqual([1, 2]);
  });

  it('aborts the others when one fails, and has them ended before it throws that failure', async () => {
    let ended = false;
    const others = together(signal, [
      async (inner) => {
        await sleep(60_000, inner).finally(() => (ended = true));
      },
      async () => {
        throw new Error('first');
      },
    ]);
    await expect(others).rejects.toThrow('first');
    expect(ended).toBe(true);
  });

  it('throws an abort when the caller wants to stop', async () => {
    const stop = new AbortController();
    const waiting = together(stop.signal, [(inner) => sleep(60_000, inner)]);
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
  });
});
