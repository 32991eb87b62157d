import { afterEach, describe, expect, it, vi } from 'vitest';
import { Env } from '@app/common';
import { Limits } from './limits.js';

const env = { MAX_SKUS: 120, MAX_QUANTITY_PER_SKU: 99 } as Env;
const defaults = { maxSkus: 120, maxQuantityPerSku: 99 };
const raised = { maxSkus: 500, maxQuantityPerSku: 999 };

describe(Limits.name, () => {
  afterEach(() => vi.useRealTimers());

  it('are those of the settings until a window opens, and again when it closes', () => {
    const limits = new Limits(env);
    expect(limits.inForce()).toEqual(defaults);
    limits.open({ limits: raised, endsAt: null });
    expect(limits.inForce()).toEqual(raised);
    limits.close();
    expect(limits.inForce()).toEqual(defaults);
  });

  it('fall back at the very moment the window ends, with nobody looking', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const limits = new Limits(env);
    limits.open({ limits: raised, endsAt: 1 }, performance.now() + 5_000);
    vi.advanceTimersByTime(4_999);
    expect(limits.inForce()).toEqual(raised);
    vi.advanceTimersByTime(1);
    expect(limits.inForce()).toEqual(defaults);
    expect(limits.currentWindow()).toBeUndefined();
  });

  it('answer the same object each time, which nobody can change', () => {
    const limits = new Limits(env);
    expect(limits.inForce()).toBe(limits.inForce());
    limits.open({ limits: raised, endsAt: null });
    expect(limits.inForce()).toBe(limits.inForce());
    expect(Object.isFrozen(limits.inForce()) && Object.isFrozen(limits.defaults)).toBe(true);
  });
});
