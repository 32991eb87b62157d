import type { EventPublisher } from '@app/rocketmq';
import { RocketmqServer } from '@app/rocketmq';
import { Metrics, type Env } from '@app/common';
import type { Database } from '@app/database';
import { type LockService, NoopLockService, type RedisConnection } from '@app/redis';
import {
  AbandonedCarts,
  IdleCartTable,
  type ShopperEvent,
  ShopperEventPublisher,
  ShopperEvents,
  ShopperEventsMetrics,
  ShopperEventsRetention,
  ShopperEventTable,
  type ShopperEventType,
  SkuSignals,
  SkuSignalTable,
} from '@app/sync';
import { type Handler, startEventApp } from './event-app.js';

export const EVENT_TYPES: ShopperEventType[] = [
  'cart.price_dropped',
  'cart.back_in_stock',
  'cart.abandoned',
  'cart.converted',
];

interface Parts {
  database: Database;
  env: Env;
  redis: RedisConnection;
  topic?: EventPublisher | null;
  locks?: LockService;
}

/** What one process has that tells others of shoppers. Without locks, so that two of them do meet. */
export function shopperEventParts({ database, env, redis, topic = null, locks = new NoopLockService() }: Parts) {
  const [table, signalTable, idle] = [
    new ShopperEventTable(database),
    new SkuSignalTable(database),
    new IdleCartTable(database),
  ];
  const events = new ShopperEvents(table, env);
  const metrics = new Metrics();
  const counters = new ShopperEventsMetrics(metrics, table, signalTable);
  return {
    table,
    events,
    metrics,
    signals: new SkuSignals(signalTable, events, table, database, locks, env),
    abandoned: new AbandonedCarts(idle, events, table, redis, locks, env),
    publisher: new ShopperEventPublisher(topic, table, locks, counters),
    retention: new ShopperEventsRetention(topic, table, locks, env),
  };
}

/** Subscribes to the topic as another service would, and collects what comes. */
export async function subscribe(endpoints: string, topic: string, group: string) {
  const received: ShopperEvent[] = [];
  const take: Handler = (events: ShopperEvent[]) => void received.push(...events);
  const server = new RocketmqServer({ endpoints, topic, group });
  const app = await startEventApp(
    server,
    EVENT_TYPES.map((type) => [type, take]),
  );
  return { received, close: () => app.close() };
}
