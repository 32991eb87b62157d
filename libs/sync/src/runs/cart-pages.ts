import { Injectable } from '@nestjs/common';
import { keys, RedisConnection } from '@app/redis';

const PAGE = 500;

/** The carts Redis holds, as pages of user ids, while shoppers go on changing them. */
@Injectable()
export class CartPages {
  constructor(private readonly redis: RedisConnection) {}

  /** Redis's clock, µs since 1970: the one that versions are made of. */
  async now(): Promise<bigint> {
    const [seconds, micros] = await this.redis.command<[seconds: string, micros: string]>(['TIME']);
    return BigInt(seconds) * 1_000_000n + BigInt(micros);
  }

  /** Every user who has a cart in Redis from the beginning to the end; some may come twice. */
  async *all(): AsyncGenerator<string[]> {
    for (let cursor = '0'; ;) {
      const [next, found] = await this.redis.command<[next: string, found: string[]]>([
        ...['SCAN', cursor, 'MATCH', keys.userCarts, 'COUNT', String(PAGE)],
      ]);
      if (found.length > 0) yield found.map(keys.userOf);
      if (next === '0') return;
      cursor = next;
    }
  }

  /**
   * Users whose cart has last changed between two moments, ms since 1970, both included. One who changes it meanwhile
   * leaves the range, and is among those of the next time.
   */
  async *activeBetween(from: number, to: number): AsyncGenerator<string[]> {
    // Many can share a moment: those seen of the last one are asked for again and passed over.
    let [min, seen] = [from, new Set<string>()];
    for (;;) {
      const limit = PAGE + seen.size;
      const found = await this.redis.command<string[]>([
        ...['ZRANGE', keys.active, String(min), String(to), 'BYSCORE', 'LIMIT', '0', String(limit), 'WITHSCORES'],
      ]);
      const members = found.filter((_, i) => i % 2 === 0);
      const fresh = members.filter((userId) => !seen.has(userId));
      if (fresh.length > 0) yield fresh;
      if (members.length < limit) return;
      const last = Number(found.at(-1));
      const ofLast = members.filter((_, i) => Number(found[2 * i + 1]) === last);
      seen = new Set(last === min ? [...seen, ...ofLast] : ofLast);
      min = last;
    }
  }
}
