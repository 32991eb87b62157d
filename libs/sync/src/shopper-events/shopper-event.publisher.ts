import { BeforeApplicationShutdown, Inject, Injectable, Logger, OnApplicationBootstrap } from '@nestjs/common';
import { crashPoint } from '@app/common';
import { keys, LockService } from '@app/redis';
import { EventPublisher } from '@app/rocketmq';
import { Repeater } from './repeater.js';
import { ShopperEventTable, UnsentEvent } from './shopper-event.table.js';
import { ShopperEventsMetrics } from './shopper-events.metrics.js';

/** The sender to the topic of shoppers' events; `null` without a broker. */
export const SHOPPER_TOPIC = Symbol('SHOPPER_TOPIC');

const EVERY_MS = 1_000;
const BATCH = 1_000;
/** A message holds at most this many events and about this many characters; the broker takes 4 MB. */
const MESSAGE_EVENTS = 200;
const MESSAGE_CHARS = 256 * 1024;
/** After this long the lock is given to whoever wants it, whatever is left. */
const TURN_MS = 4_000;
/** A message more may follow the turn, with the time the broker has to answer. */
const LEASE_MS = 12_000;

/**
 * Sends what is kept to the topic, the oldest first. It may send an event again, with the same id: one is marked as
 * sent only after the broker's receipt. It never forgets one.
 *
 * Without a broker nothing is sent, and what was kept goes out when there is one.
 */
@Injectable()
export class ShopperEventPublisher implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly repeater = new Repeater(
    'events of shoppers are not sent',
    EVERY_MS,
    async (signal) => (await this.step(signal)) > 0,
    new Logger(ShopperEventPublisher.name),
  );

  constructor(
    @Inject(SHOPPER_TOPIC) private readonly topic: EventPublisher | null,
    private readonly table: ShopperEventTable,
    private readonly locks: LockService,
    private readonly metrics: ShopperEventsMetrics,
  ) {}

  onApplicationBootstrap(): void {
    if (this.topic) this.repeater.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.repeater.stop();
  }

  /** Sends some of what waits; returns how many events. None while another instance is at it. */
  async step(signal?: AbortSignal): Promise<number> {
    const { topic } = this;
    if (!topic) return 0;
    const step = await this.locks.tryExclusive(keys.lock.cron('shopper-events'), () => this.send(topic, signal), {
      leaseMs: LEASE_MS,
    });
    return step.ran ? step.value : 0;
  }

  private async send(topic: EventPublisher, signal?: AbortSignal): Promise<number> {
    const until = Date.now() + TURN_MS;
    let sent = 0;
    for (const { type, events } of toMessages(await this.table.unsent(BATCH))) {
      if (signal?.aborted || Date.now() > until) break;
      await topic.publish(
        type,
        events.map(({ body }) => JSON.parse(body) as unknown),
      );
      crashPoint('shopper-events-sent');
      await this.table.markSent(events.map(({ id }) => id));
      this.metrics.sent.inc({ type }, events.length);
      sent += events.length;
    }
    return sent;
  }
}

/** Cuts events into messages of one type each, in their order within it. */
function toMessages(events: readonly UnsentEvent[]): { type: string; events: UnsentEvent[] }[] {
  const messages: { type: string; events: UnsentEvent[] }[] = [];
  const open = new Map<string, { events: UnsentEvent[]; chars: number }>();
  for (const event of events) {
    const message = open.get(event.type);
    const isFull = message && message.chars + event.body.length > MESSAGE_CHARS;
    if (!message || isFull || message.events.length >= MESSAGE_EVENTS) {
      const begun = { type: event.type, events: [event], chars: event.body.length };
      open.set(event.type, begun);
      messages.push(begun);
    } else {
      message.events.push(event);
      message.chars += event.body.length;
    }
  }
  return messages;
}
