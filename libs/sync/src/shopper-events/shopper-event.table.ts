import { Injectable } from '@nestjs/common';
import { Database, Query } from '@app/database';
import { ShopperEvent, ShopperEventType } from './shopper-event.js';

const CHUNK = 500;
/** More than this many is told as this many: counting must not take long because there is much to count. */
const MOST_COUNTED = 100_000;

/** An event, and what makes it one: there is one of a type for a shopper, a SKU (none: the cart) and an occasion. */
export interface KeptEvent {
  skuId?: string;
  occasion: string;
  event: ShopperEvent;
}

/** An event that waits for the broker. */
export interface UnsentEvent {
  id: string;
  type: ShopperEventType;
  body: string;
}

/** The `shopper_event` table: what was found out about shoppers and is to be told, or has been told lately. */
@Injectable()
export class ShopperEventTable {
  constructor(private readonly database: Database) {}

  /** Keeps each event whose occasion is new; one of an occasion that had its event stays as it was. */
  async add(events: readonly KeptEvent[], query: Query = this.database.query): Promise<void> {
    for (let i = 0; i < events.length; i += CHUNK) {
      const chunk = events.slice(i, i + CHUNK);
      const places = chunk.map(() => '(?, ?, ?, ?, ?, UTC_TIMESTAMP(3))').join(', ');
      await query(
        `INSERT INTO shopper_event (sku_id, type, user_id, occasion, body, created_at) VALUES ${places}
         ON DUPLICATE KEY UPDATE id = id`,
        chunk.flatMap(({ skuId = '0', occasion, event }) => [
          ...[skuId, event.type, event.userId, occasion, JSON.stringify(event)],
        ]),
      );
    }
  }

  /** The oldest that the broker has not taken. */
  async unsent(limit: number): Promise<UnsentEvent[]> {
    const rows = await this.database.query<UnsentEvent>(
      'SELECT id, type, body FROM shopper_event WHERE sent_at IS NULL ORDER BY id LIMIT ?',
      [limit],
    );
    return rows.map(({ id, type, body }) => ({ id: String(id), type, body }));
  }

  async markSent(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    await this.database.query('UPDATE shopper_event SET sent_at = UTC_TIMESTAMP(3) WHERE id IN (?)', [ids]);
  }

  /** How many wait, up to 100,000, and how long the oldest has. */
  async backlog(): Promise<{ depth: number; oldestAgeMs: number }> {
    const [row] = await this.database.query<{ depth: string; age: string | null }>(
      `SELECT (SELECT COUNT(*) FROM (SELECT 1 FROM shopper_event WHERE sent_at IS NULL LIMIT ?) waiting) AS depth,
         (SELECT TIMESTAMPDIFF(MICROSECOND, created_at, UTC_TIMESTAMP(3)) DIV 1000 FROM shopper_event
          WHERE sent_at IS NULL ORDER BY id LIMIT 1) AS age`,
      [MOST_COUNTED],
    );
    return { depth: Number(row!.depth), oldestAgeMs: Math.max(0, Number(row!.age ?? 0)) };
  }

  /**
   * Deletes at most `limit` of those sent more than so many days ago; returns how many. `unsentToo`: nobody sends, so
   * age alone decides.
   */
  async purge(days: number, limit: number, unsentToo = false): Promise<number> {
    const where = unsentToo ? 'sent_at IS NULL AND created_at' : 'sent_at';
    const result = (await this.database.query(
      `DELETE FROM shopper_event WHERE ${where} < UTC_TIMESTAMP(3) - INTERVAL ? DAY ORDER BY sent_at, id LIMIT ?`,
      [days, limit],
    )) as unknown as { affectedRows: number };
    return result.affectedRows;
  }
}
