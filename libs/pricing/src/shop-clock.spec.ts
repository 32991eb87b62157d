import { expect, it, vi } from 'vitest';
import { ShopClock } from './shop-clock.js';

it('B12: what is shown goes by the clock of the database, once it was seen, and by no step of the machine’s', () => {
  const clock = new ShopClock();
  expect(Math.abs(clock.now() - Date.now())).toBeLessThan(1_000);
  const at = Date.now() + 7_200_000;
  clock.set(at, performance.now());
  vi.spyOn(Date, 'now').mockReturnValue(0);
  expect(clock.now()).toBeGreaterThanOrEqual(at);
  expect(clock.now()).toBeLessThan(at + 1_000);
});
