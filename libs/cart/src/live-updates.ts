import { Injectable, OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { Env } from '@app/common';
import { RedisSubscriber } from '@app/redis';
import { CartOwner, ownerLabel } from './cart.owner.js';
import { Badge, parseCart } from './live-cart.js';

/** What a listener is told: `undefined` means that something may have been missed, and the cart has to be read. */
export type LiveUpdate = { version: string; badge: Badge } | undefined;

/**
 * Hears of changes of carts from all processes: each script that changes a cart publishes its counters. A process
 * listens to the channels of the carts somebody watches here, and to no others.
 */
@Injectable()
export class LiveUpdates implements OnModuleInit, OnApplicationShutdown {
  private readonly subscriber: RedisSubscriber;
  private readonly watched = new Map<string, Set<(update: LiveUpdate) => void>>();

  constructor(env: Env) {
    this.subscriber = new RedisSubscriber({ url: env.REDIS_URL, name: 'live-updates' }, (message, channel) =>
      this.tell(channel, message),
    );
    this.subscriber.onReady(() => this.tellAll());
  }

  onModuleInit(): void {
    this.subscriber.connect();
  }

  onApplicationShutdown(): void {
    this.subscriber.close();
  }

  /** Tells `listener` of each change until the returned function is called. Throws RedisUnavailableError. */
  async watch(owner: CartOwner, listener: (update: LiveUpdate) => void): Promise<() => void> {
    const channel = channelOf(owner);
    const known = this.watched.get(channel);
    const listeners = known ?? new Set();
    listeners.add(listener);
    if (!known) this.watched.set(channel, listeners);
    const stop = () => {
      if (!listeners.delete(listener) || listeners.size > 0 || this.watched.get(channel) !== listeners) return;
      this.watched.delete(channel);
      void this.subscriber.unsubscribe(channel);
    };
    try {
      // A second watcher asks as well: the first one's subscription may not be confirmed yet.
      await this.subscriber.subscribe(channel);
    } catch (error) {
      stop();
      throw error;
    }
    return stop;
  }

  private tell(channel: string, message: string): void {
    const cart = parseCart('user', ['_', message]);
    for (const listener of this.watched.get(channel) ?? []) listener(cart);
  }

  private tellAll(): void {
    for (const listeners of this.watched.values()) for (const listener of listeners) listener(undefined);
  }
}

/** Named in `lua/includes/cart.lua` too. */
function channelOf(owner: CartOwner): string {
  return `cart:live:${ownerLabel(owner)}`;
}
