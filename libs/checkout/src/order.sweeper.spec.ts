import { Logger } from '@nestjs/common';
import type { Env } from '@app/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CheckoutTable } from './checkout.table.js';
import type { OrderClosing } from './order.closing.js';
import type { OrderPlacement } from './order.placement.js';
import { OrderSweeper } from './order.sweeper.js';
import type { OrderTable } from './order.table.js';
import type { OrdersInCart } from './orders-in-cart.js';

const AGAIN_MS = 10_000;

describe(OrderSweeper.name, () => {
  const lines: string[] = [];
  let expire: () => Promise<void>;
  let dueAt = 0;
  const env = { UNFINISHED_AFTER_MS: AGAIN_MS } as Env;
  let sweeper: OrderSweeper;

  /** One order is overdue for ever, and is tried again each ten seconds. */
  const orders = {
    overdue: async () => (Date.now() >= dueAt ? [{ orderId: '1' }] : []),
    tryNow: async () => {
      dueAt = Date.now() + AGAIN_MS;
      return true;
    },
    cartDue: async () => [],
    placingDue: async () => [],
    tellDue: async () => [],
  } as unknown as OrderTable;

  beforeEach(() => {
    lines.length = 0;
    dueAt = 0;
    vi.useFakeTimers();
    for (const level of ['log', 'warn'] as const) {
      vi.spyOn(Logger.prototype, level).mockImplementation((line: string) => void lines.push(line));
    }
    const checkouts = { purge: async () => undefined } as unknown as CheckoutTable;
    const closing = { expire: () => expire() } as unknown as OrderClosing;
    sweeper = new OrderSweeper(orders, checkouts, closing, {} as OrdersInCart, {} as OrderPlacement, env);
    sweeper.onApplicationBootstrap();
  });

  afterEach(async () => {
    await sweeper.beforeApplicationShutdown();
    vi.useRealTimers();
  });

  it('warns of what goes on failing at once and then ever more rarely, and says when it is over', async () => {
    expire = () => Promise.reject(new Error('the shop is closed'));
    await vi.advanceTimersByTimeAsync(600_000);
    expect(lines[0]).toBe('orders wait to be finished: the shop is closed');
    // About sixty failures.
    expect(lines.length).toBeGreaterThan(2);
    expect(lines.length).toBeLessThan(6);
    expire = () => Promise.resolve();
    lines.length = 0;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(lines).toEqual([expect.stringMatching(/^over: orders wait to be finished \(\d+ times in \d+ s\)$/)]);
  });
});
