import { hostname } from 'node:os';
import { Injectable, OnApplicationShutdown } from '@nestjs/common';
import { Env } from '@app/common';
import { keys, loadScripts, RedisConnection } from '@app/redis';

const scripts = loadScripts(new URL('./lua/', import.meta.url));
const settle = scripts.get('settle-entries');
const forget = scripts.get('forget-consumer');

const GROUP = 'relay';
/** How many entries one read takes. */
const READ_COUNT = 500;
/** How long a consumer has been silent when it is taken out of the group; ms. */
const FORGOTTEN_AFTER_MS = 24 * 60 * 60 * 1_000;
/** How long a read waits for the first entry, ms. */
const BLOCK_MS = 1_000;
/** Nobody has a pending entry above it: reading from there says no more than that the reader lives. */
const BEYOND_ALL = '18446744073709551615-0';

/** One entry of the stream: its id, and names and values alternating. */
export interface OutboxEntry {
  id: string;
  fields: string[];
}

type RawEntry = [id: string, fields: string[] | null];

/**
 * The outbox stream as the relay sees it. Entries are never trimmed: one leaves only when the broker has it. The
 * consumer is named by INSTANCE_ID, so that a restarted process takes up its own entries at once.
 */
@Injectable()
export class OutboxStore implements OnApplicationShutdown {
  private readonly reader: RedisConnection;
  private readonly consumer: string;

  /** How often this consumer must show that it lives, ms: a sign of life may be lost, or late. */
  get beatMs(): number {
    return this.env.SILENT_AFTER_MS / 3;
  }

  constructor(
    private readonly redis: RedisConnection,
    private readonly env: Env,
  ) {
    this.reader = redis.duplicate({ deadlineMs: BLOCK_MS + 2_000 });
    this.consumer = env.INSTANCE_ID ?? `${hostname()}:${env.PORT}`;
  }

  /** From the beginning of the stream: a lost group must not lose what was in it. */
  async createGroup(): Promise<void> {
    try {
      await this.redis.command(['XGROUP', 'CREATE', keys.outbox, GROUP, '0', 'MKSTREAM']);
    } catch (error) {
      if (!String((error as Error).message).startsWith('BUSYGROUP')) throw error;
    }
  }

  /** Entries this consumer has read and not settled: after a restart or a failed publish. */
  async readOwn(): Promise<OutboxEntry[]> {
    return this.read('0', false);
  }

  /** New entries; waits up to a second for the first. */
  async readNew(): Promise<OutboxEntry[]> {
    return this.read('>', true);
  }

  /**
   * Says that this consumer lives, and takes over what dead ones left: it is its own then. Returns how many entries. By
   * the silence of a consumer and not by the age of its entries: one whose broker is slow is not stolen from. Those that
   * have had nothing pending for a day leave the group.
   */
  async claimOrphans(forgottenAfterMs = FORGOTTEN_AFTER_MS): Promise<number> {
    await this.redis.command(['XREADGROUP', 'GROUP', GROUP, this.consumer, 'STREAMS', keys.outbox, BEYOND_ALL]);
    const consumers = await this.redis.command<unknown[][]>(['XINFO', 'CONSUMERS', keys.outbox, GROUP]);
    let claimed = 0;
    for (const info of consumers.map(toInfo)) {
      const isDead = info.get('name') !== this.consumer && Number(info.get('idle')) >= this.env.SILENT_AFTER_MS;
      if (isDead && Number(info.get('pending')) > 0) claimed += await this.claimFrom(String(info.get('name')));
      else if (isDead && Number(info.get('idle')) >= forgottenAfterMs)
        await this.forget(String(info.get('name')), forgottenAfterMs);
    }
    return claimed;
  }

  /** Takes the consumer of a process that is no more out of the group, unless it has something pending again. */
  private async forget(consumer: string, silentMs: number): Promise<void> {
    await this.redis.run(forget, [keys.outbox], [GROUP, consumer, String(silentMs)]);
  }

  /** Of two that claim the same, one gets it: a claim makes an entry young again. */
  private async claimFrom(consumer: string): Promise<number> {
    for (let claimed = 0; ;) {
      const pending = await this.redis.command<[id: string][]>([
        ...['XPENDING', keys.outbox, GROUP, '-', '+', String(READ_COUNT), consumer],
      ]);
      if (pending.length === 0) return claimed;
      const taken = await this.redis.command<string[]>([
        ...['XCLAIM', keys.outbox, GROUP, this.consumer, String(this.env.SILENT_AFTER_MS)],
        ...[...pending.map(([id]) => id), 'JUSTID'],
      ]);
      claimed += taken.length;
      if (taken.length < pending.length) return claimed;
    }
  }

  /**
   * Entries that are neither pending nor new: what a group that was lost and made again, or a truncated append-only
   * file, leaves behind. One page from the given id on, and where the next page starts.
   */
  async findStranded(from: string): Promise<{ stranded: OutboxEntry[]; next: string | undefined }> {
    const last = await this.lastDelivered();
    const page = await this.redis.command<RawEntry[]>(['XRANGE', keys.outbox, from, last, 'COUNT', String(READ_COUNT)]);
    const [first, end] = [page[0], page.at(-1)];
    if (!first || !end) return { stranded: [], next: undefined };
    const pending = await this.redis.command<[id: string][]>([
      'XPENDING',
      keys.outbox,
      GROUP,
      first[0],
      end[0],
      String(READ_COUNT),
    ]);
    const known = new Set(pending.map(([id]) => id));
    const stranded = toEntries(page).filter(({ id }) => !known.has(id));
    return { stranded, next: page.length < READ_COUNT ? undefined : `(${end[0]}` };
  }

  async settle(ids: readonly string[]): Promise<void> {
    await this.redis.run(settle, [keys.outbox], [GROUP, ...ids]);
  }

  /** Number of entries not with the broker yet, and the age of the oldest in ms. */
  async backlog(): Promise<{ depth: number; oldestAgeMs: number }> {
    const [depth, oldest, now] = await Promise.all([
      this.redis.command<number>(['XLEN', keys.outbox]),
      this.redis.command<RawEntry[]>(['XRANGE', keys.outbox, '-', '+', 'COUNT', '1']),
      // The ids of entries are times of Redis.
      this.redis.time(),
    ]);
    const id = oldest[0]?.[0];
    return { depth, oldestAgeMs: id ? Math.max(0, now - Number(id.split('-')[0])) : 0 };
  }

  /** Whether it takes no more, or carts that were changed meanwhile still wait for their comparison with MySQL. */
  async isFull(): Promise<boolean> {
    const [depth, marked] = await Promise.all([
      this.redis.command<number>(['XLEN', keys.outbox]),
      this.redis.command<number>(['ZCARD', keys.dirty]),
    ]);
    return depth >= this.env.OUTBOX_MAX_ENTRIES || marked > 0;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.reader.close();
  }

  private async read(from: '0' | '>', wait: boolean): Promise<OutboxEntry[]> {
    const command = ['XREADGROUP', 'GROUP', GROUP, this.consumer, 'COUNT', String(READ_COUNT)];
    if (wait) command.push('BLOCK', String(BLOCK_MS));
    command.push('STREAMS', keys.outbox, from);
    const answer = await this.reader.command<[stream: string, entries: RawEntry[]][] | null>(command);
    const entries = answer?.[0]?.[1] ?? [];
    const deleted = entries.filter(([, fields]) => fields === null).map(([id]) => id);
    if (deleted.length > 0) await this.settle(deleted);
    return toEntries(entries);
  }

  private async lastDelivered(): Promise<string> {
    const groups = await this.redis.command<unknown[][]>(['XINFO', 'GROUPS', keys.outbox]);
    for (const info of groups.map(toInfo)) {
      if (info.get('name') === GROUP) return String(info.get('last-delivered-id'));
    }
    return '0-0';
  }
}

/** Names and values alternating, as XINFO answers. */
function toInfo(answer: readonly unknown[]): Map<unknown, unknown> {
  const info = new Map<unknown, unknown>();
  for (let i = 0; i + 1 < answer.length; i += 2) info.set(answer[i], answer[i + 1]);
  return info;
}

function toEntries(raw: readonly RawEntry[]): OutboxEntry[] {
  return raw.flatMap(([id, fields]) => (fields === null ? [] : [{ id, fields }]));
}
