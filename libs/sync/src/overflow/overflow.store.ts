import { Injectable } from '@nestjs/common';
import { Env } from '@app/common';
import { keys, loadScripts, RedisConnection } from '@app/redis';

const settle = loadScripts(new URL('../lua/', import.meta.url)).get('settle-mark');

/** A cart that MySQL has to be brought up to, and the version it lacks, as a text. */
export interface MarkedCart {
  userId: string;
  mark: string;
}

/** Lines the change log lacks, since the version that was the first to have no room. */
export interface LogGap {
  since: string;
  lines: number;
}

/** What the scripts of the cart leave beside the outbox when that is full. */
@Injectable()
export class OverflowStore {
  constructor(
    private readonly redis: RedisConnection,
    private readonly env: Env,
  ) {}

  /** Whether the outbox takes changes again. */
  async hasRoom(): Promise<boolean> {
    return (await this.redis.command<number>(['XLEN', keys.outbox])) < this.env.OUTBOX_MAX_ENTRIES;
  }

  /** How many carts are marked. */
  count(): Promise<number> {
    return this.redis.command<number>(['ZCARD', keys.dirty]);
  }

  /** The oldest marks from one version to another, both included. */
  async marked(from: string, until: string, limit: number): Promise<MarkedCart[]> {
    const found = await this.redis.command<string[]>([
      ...['ZRANGE', keys.dirty, from, until, 'BYSCORE', 'LIMIT', '0', String(limit), 'WITHSCORES'],
    ]);
    return found.flatMap((userId, i) => (i % 2 === 0 ? [{ userId, mark: found[i + 1]! }] : []));
  }

  /** The cart was compared after this mark was seen. One that was marked again stays marked. */
  async settle({ userId, mark }: MarkedCart): Promise<void> {
    await this.redis.run(settle, [keys.dirty], [userId, mark]);
  }

  /** `undefined`: none since Redis was last emptied. */
  async gap(): Promise<LogGap | undefined> {
    const [since, lines] = await this.redis.command<(string | null)[]>(['HMGET', keys.gaps, 'since', 'lines']);
    return since && lines ? { since, lines: Number(lines) } : undefined;
  }
}
