import type { MessageView } from 'rocketmq-client-nodejs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MessageLease } from './message.lease.js';

const logger = { log: vi.fn(), warn: vi.fn(), error: vi.fn() };
const message = (messageId: string) => ({ messageId }) as MessageView;

describe(MessageLease.name, () => {
  const [a, b] = [message('a'), message('b')];
  let calls: string[];
  let consumer: {
    ack: (message: MessageView) => Promise<void>;
    changeInvisibleDuration: (message: MessageView, ms: number) => Promise<void>;
  };

  beforeEach(() => {
    vi.useFakeTimers();
    calls = [];
    consumer = {
      ack: async ({ messageId }) => void calls.push(`ack ${messageId}`),
      changeInvisibleDuration: async ({ messageId }, ms) => void calls.push(`hide ${messageId} ${ms}`),
    };
  });

  afterEach(() => vi.useRealTimers());

  it('renews what is open, and only that', async () => {
    const lease = new MessageLease(consumer, [a, b], 30_000, logger);
    lease.ack(a);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(calls).toEqual(['ack a', 'hide b 30000', 'hide b 30000']);
    lease.giveBack(b, 700);
    await lease.end();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(calls.slice(3)).toEqual(['hide b 700']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('acknowledges only after a renewal under way, which changes the handle', async () => {
    let renewed = () => undefined as void;
    consumer.changeInvisibleDuration = () => new Promise((resolve) => (renewed = resolve));
    const lease = new MessageLease(consumer, [a], 30_000, logger);
    await vi.advanceTimersByTimeAsync(10_000);
    lease.ack(a);
    await vi.advanceTimersByTimeAsync(1000);
    expect(calls).toEqual([]);
    renewed();
    await lease.end();
    expect(calls).toEqual(['ack a']);
  });

  it('goes on when a call fails: the message comes again', async () => {
    consumer.ack = () => Promise.reject(new Error('gone'));
    const lease = new MessageLease(consumer, [a, b], 30_000, logger);
    lease.ack(a);
    lease.giveBack(b, 1);
    await expect(lease.end()).resolves.toBeUndefined();
    expect(logger.warn).toHaveBeenCalledWith(expect.stringContaining('Message a could not be acknowledged'));
    expect(calls).toEqual(['hide b 1']);
  });

  it('holds a message as long as its handler waits on purpose', async () => {
    const lease = new MessageLease(consumer, [a], 30_000, logger);
    lease.hold(true);
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(calls).toHaveLength(360);
    lease.hold(false);
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(calls).toHaveLength(390);
    await lease.end();
  });

  it('lets go of a message whose handler never ends', async () => {
    const lease = new MessageLease(consumer, [a], 30_000, logger);
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(calls).toHaveLength(30);
    expect(logger.error).toHaveBeenCalledWith(expect.stringContaining('too long'));
    await lease.end();
  });
});
