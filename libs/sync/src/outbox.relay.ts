import { setTimeout as delay } from 'node:timers/promises';
import { BeforeApplicationShutdown, Injectable, Logger, OnApplicationBootstrap } from '@nestjs/common';
import { CART_CHANGED, CartChanged, toCartChanged } from '@app/cart';
import { RepeatedWarning } from '@app/common';
import { parseOutboxEntry } from '@app/database';
import { EventPublisher, PayloadTooLargeError } from '@app/rocketmq';
import { DeadLetterTable } from './dead-letter.table.js';
import { Epochs } from './epochs.js';
import { OutboxEntry, OutboxStore } from './outbox.store.js';
import { SyncMetrics } from './sync.metrics.js';

/** A message holds at most this many changes and about this many characters; the broker takes 4 MB. */
const MESSAGE_CHANGES = 500;
const MESSAGE_CHARS = 256 * 1024;
/** Pause after a message that was not full: whatever happens meanwhile shares the next one. */
const LINGER_MS = 50;
const BACKOFF_MS = { first: 100, most: 5_000 };
const STOP_MS = 3_000;

/**
 * Carries changes from the outbox stream to the broker, many in one message. It may repeat a change, it never forgets
 * one: an entry is settled only after the broker's positive receipt, and a publish whose outcome is unknown is
 * repeated. Several instances share the stream by its consumer group.
 */
@Injectable()
export class OutboxRelay implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(OutboxRelay.name);
  private readonly trouble = new RepeatedWarning(this.logger, 'cannot relay');
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();
  /** Entries this instance has read and not settled may exist: they come before new ones. */
  private hasOwn = true;
  /** How often entries of dead instances were taken over. */
  private claims = 0;
  private heart: NodeJS.Timeout | undefined;

  constructor(
    private readonly outbox: OutboxStore,
    private readonly publisher: EventPublisher,
    private readonly deadLetters: DeadLetterTable,
    private readonly epochs: Epochs,
    private readonly metrics: SyncMetrics,
  ) {}

  onApplicationBootstrap(): void {
    this.running = this.run();
    // Beside the loop: while a slow broker is waited for, this instance lives all the same.
    this.heart = setInterval(() => void this.beat(), this.outbox.beatMs).unref();
  }

  /** Ends after the message under way; what is unsettled then is sent again by the next process. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    clearInterval(this.heart);
    await Promise.race([this.running, new Promise((resolve) => setTimeout(resolve, STOP_MS).unref())]);
  }

  private async run(): Promise<void> {
    let isReady = false;
    let failures = 0;
    while (!this.stopping.signal.aborted) {
      try {
        if (!isReady) await this.prepare();
        isReady = true;
        await this.step();
        failures = 0;
        this.trouble.worked();
      } catch (error) {
        // Also NOGROUP after Redis lost its data: the group is made again, from the first entry.
        isReady = false;
        this.hasOwn = true;
        this.trouble.failed((error as Error).message);
        await this.pause(Math.min(BACKOFF_MS.first * 2 ** Math.min(failures++, 10), BACKOFF_MS.most));
      }
    }
  }

  private async prepare(): Promise<void> {
    await this.outbox.createGroup();
    for (let from: string | undefined = '-'; from;) {
      const epoch = await this.epochs.current();
      const { stranded, next } = await this.outbox.findStranded(from);
      await this.relay(stranded, epoch);
      from = next;
    }
  }

  private async step(): Promise<void> {
    const { claims } = this;
    // Asked before the entries are read: a Redis that is emptied in between has held them in the epoch before.
    const epoch = await this.epochs.current();
    const entries = this.hasOwn ? await this.outbox.readOwn() : await this.outbox.readNew();
    if (this.hasOwn && entries.length === 0 && claims === this.claims) this.hasOwn = false;
    await this.relay(entries, epoch);
    // A message costs the broker, its client and MySQL much the same whether it carries 1 change or 500.
    if (entries.length > 0 && entries.length < MESSAGE_CHANGES) await this.pause(LINGER_MS);
  }

  /** Without Redis, or before there is a group, the loop says what is wrong. */
  private async beat(): Promise<void> {
    const claimed = await this.outbox.claimOrphans().catch(() => 0);
    if (claimed === 0) return;
    this.claims += 1;
    this.hasOwn = true;
    this.logger.log(`took over ${claimed} changes of an instance that is gone`);
  }

  private async relay(entries: readonly OutboxEntry[], epoch: number): Promise<void> {
    for (const message of toMessages(await this.parse(entries, epoch))) await this.send(message);
  }

  private async send(message: readonly ParsedEntry[]): Promise<void> {
    try {
      await this.publisher.publish(
        CART_CHANGED,
        message.map(({ event }) => event),
      );
    } catch (error) {
      if (!(error instanceof PayloadTooLargeError)) throw error;
      await this.sendApart(message, error);
      return;
    }
    await this.outbox.settle(message.map(({ id }) => id));
    this.metrics.relayed.inc(message.length);
  }

  /** Too much for one message: one by one then; what does not even fit alone can never be sent. */
  private async sendApart(message: readonly ParsedEntry[], error: Error): Promise<void> {
    if (message.length > 1) for (const entry of message) await this.send([entry]);
    else for (const { id, event } of message) await this.bury(id, JSON.stringify(event), error);
  }

  private async bury(id: string, body: string, { message: reason }: Error): Promise<void> {
    await this.deadLetters.add([{ messageId: id, reason, body }]);
    await this.outbox.settle([id]);
    this.metrics.deadLetters.inc();
    this.logger.error(`outbox entry ${id} became a dead letter: ${reason}`);
  }

  /** An entry nobody can read must not hold up the others: it is kept as a dead letter. */
  private async parse(entries: readonly OutboxEntry[], epoch: number): Promise<ParsedEntry[]> {
    const parsed: ParsedEntry[] = [];
    for (const entry of entries) {
      try {
        const event = toCartChanged(parseOutboxEntry(entry.fields), epoch);
        parsed.push({ id: entry.id, size: charsOf(entry.fields), event });
      } catch (error) {
        await this.bury(entry.id, JSON.stringify(entry), error as Error);
      }
    }
    return parsed;
  }

  private async pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }
}

interface ParsedEntry {
  id: string;
  size: number;
  event: CartChanged;
}

function charsOf(fields: readonly string[]): number {
  return fields.reduce((sum, field) => sum + field.length, 0);
}

/** Cuts entries into messages, in their order. */
function toMessages(entries: readonly ParsedEntry[]): ParsedEntry[][] {
  const messages: ParsedEntry[][] = [];
  let size = 0;
  for (const entry of entries) {
    const last = messages.at(-1);
    if (!last || last.length >= MESSAGE_CHANGES || size + entry.size > MESSAGE_CHARS) {
      messages.push([entry]);
      size = entry.size;
    } else {
      last.push(entry);
      size += entry.size;
    }
  }
  return messages;
}
