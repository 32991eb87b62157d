import { describe, expect, it } from 'vitest';
import { eventually, withinTries } from './eventually.js';

describe(eventually.name, () => {
  it('returns the first truthy value', async () => {
    const answers = [0, '', null, 'here'];
    await expect(eventually(() => answers.shift(), { intervalMs: 1 })).resolves.toBe('here');
  });

  it('takes a check of assertions alone as passed when it stops throwing', async () => {
    let tries = 0;
    await eventually(
      () => {
        tries += 1;
        expect(tries).toBe(3);
      },
      { intervalMs: 1 },
    );
    expect(tries).toBe(3);
  });

  it('throws the last error of the check on time-out', async () => {
    let tries = 0;
    const check = () => Promise.reject(new Error(`try ${(tries += 1)}`));
    const error = await eventually(check, { timeoutMs: 30, intervalMs: 1 }).catch((caught: unknown) => caught);
    expect((error as Error).message).toBe(`try ${tries}`);
  });

  it('says what a check that stays falsy answered', async () => {
    await expect(eventually(() => false, { timeoutMs: 10, intervalMs: 1 })).rejects.toThrow(/still false/);
  });

  it('does not wait longer than its limit for a check that never settles', async () => {
    const never = new Promise<boolean>(() => undefined);
    await expect(eventually(() => never, { timeoutMs: 20, intervalMs: 1 })).rejects.toThrow(/no answer within 20 ms/);
  });
});

describe(withinTries.name, () => {
  const thirdTime = () => {
    let tries = 0;
    return () => (tries += 1) === 3 && 'here';
  };

  it('returns what came within so many tries', async () => {
    await expect(withinTries(3, thirdTime())).resolves.toBe('here');
  });

  it('throws when it took more', async () => {
    await expect(withinTries(2, thirdTime())).rejects.toThrow('took 3 tries, not 2');
  });
});
