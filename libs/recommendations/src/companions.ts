import { Injectable } from '@nestjs/common';
import { DatabaseUnavailableError } from '@app/database';
import { keys, RedisConnection } from '@app/redis';
import type { Companion } from './baskets.js';
import { CompanionTable } from './companion.table.js';

type Scored = Pick<Companion, 'skuId' | 'score'>;

/** A copy in Redis is thrown away when its SKU is learned anew; this ends one that was written in that very moment. */
const TTL_SECONDS = 600;

/** What is bought together, from Redis; from MySQL what Redis does not know. */
@Injectable()
export class Companions {
  constructor(
    private readonly redis: RedisConnection,
    private readonly table: CompanionTable,
  ) {}

  /** The companions of each of these SKUs in one round trip. While MySQL is away a SKU new to Redis has none. */
  async of(skuIds: readonly string[]): Promise<Map<string, Scored[]>> {
    const found = new Map<string, Scored[]>();
    if (skuIds.length === 0) return found;
    const copies = await this.redis.command<(string | null)[]>(['MGET', ...skuIds.map(keys.companions)]);
    const unknown: string[] = [];
    skuIds.forEach((skuId, i) => {
      const copy = copies[i];
      if (copy) found.set(skuId, parse(copy));
      else unknown.push(skuId);
    });
    for (const [skuId, companions] of await this.load(unknown)) found.set(skuId, companions);
    return found;
  }

  /** Lets the next reader ask MySQL. */
  async forget(skuIds: readonly string[]): Promise<void> {
    await this.redis.command(['UNLINK', ...skuIds.map(keys.companions)]);
  }

  /** That a SKU has none is kept too. */
  private async load(skuIds: readonly string[]): Promise<Map<string, Scored[]>> {
    let stored: Map<string, Scored[]>;
    try {
      stored = await this.table.find(skuIds);
    } catch (error) {
      if (!(error instanceof DatabaseUnavailableError)) throw error;
      return new Map();
    }
    // Keeping a copy spares the next reader a query; without it this one has its answer all the same.
    const copies = skuIds.map((skuId) => {
      const copy = format(stored.get(skuId) ?? []);
      return this.redis.command(['SET', keys.companions(skuId), copy, 'EX', String(TTL_SECONDS)]);
    });
    await Promise.allSettled(copies);
    return stored;
  }
}

function format(companions: readonly Scored[]): string {
  return JSON.stringify(companions.map(({ skuId, score }) => [skuId, score]));
}

function parse(copy: string): Scored[] {
  return (JSON.parse(copy) as [skuId: string, score: number][]).map(([skuId, score]) => ({ skuId, score }));
}
