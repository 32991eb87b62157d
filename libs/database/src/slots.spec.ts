import { describe, expect, it } from 'vitest';
import { Slots } from './slots.js';

describe(Slots.name, () => {
  it('has as many places as it was given, and passes them on in the order of arrival', async () => {
    const slots = new Slots(1, 2, 60_000);
    expect(await slots.enter()).toBe(true);
    const order: string[] = [];
    const first = slots.enter().then((entered) => order.push(`first ${entered}`));
    const second = slots.enter().then((entered) => order.push(`second ${entered}`));
    slots.leave();
    await first;
    expect(order).toEqual(['first true']);
    slots.leave();
    await second;
    expect(order).toEqual(['first true', 'second true']);
    slots.leave();
    expect(await slots.enter()).toBe(true);
  });

  it('turns away who would wait too long, or behind too many', async () => {
    const slots = new Slots(1, 1, 5);
    await slots.enter();
    const waiting = slots.enter();
    expect(await slots.enter()).toBe(false);
    expect(await waiting).toBe(false);
    slots.leave();
    expect(await slots.enter()).toBe(true);
  });
});
