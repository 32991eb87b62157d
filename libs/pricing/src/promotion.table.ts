import { Injectable } from '@nestjs/common';
import { Database, fromDateTime, Query, toDateTime } from '@app/database';
import type { Promotion } from './engine/promotion.js';
import { promotionTerms, readAll, toPromotion } from './terms.js';

interface PromotionRow {
  promotion_id: string;
  label: string;
  kind: string;
  terms: unknown;
  starts_at: string | null;
  ends_at: string | null;
  priority: number;
  status: 'on' | 'off';
}

const COLUMNS = 'promotion_id, label, kind, terms, starts_at, ends_at, priority, status';

/** The `promotion` table. */
@Injectable()
export class PromotionTable {
  constructor(private readonly database: Database) {}

  /** Those that are on and not over by MySQL's clock, also those still to begin, in the order of their ids. */
  async active(query: Query = this.database.query): Promise<Promotion[]> {
    const rows = await query<PromotionRow>(
      `SELECT ${COLUMNS} FROM promotion WHERE status = 'on' AND (ends_at IS NULL OR ends_at > UTC_TIMESTAMP(3))
       ORDER BY promotion_id`,
    );
    return readAll(rows, fromRow);
  }

  /** The clock that {@link active} goes by, ms since 1970. */
  async now(query: Query = this.database.query): Promise<number> {
    const [row] = await query<{ now: string }>('SELECT UTC_TIMESTAMP(3) AS now');
    return fromDateTime(row!.now);
  }

  /** At most `limit` with ids above `after`, whatever their state, in the order of their ids. */
  async page(after: string, limit: number): Promise<Promotion[]> {
    const rows = await this.database.query<PromotionRow>(
      `SELECT ${COLUMNS} FROM promotion WHERE promotion_id > ? ORDER BY promotion_id LIMIT ?`,
      [after, limit],
    );
    return readAll(rows, fromRow);
  }

  /** Inserts or replaces, all or none; each id once. */
  async upsert(promotions: readonly Promotion[]): Promise<void> {
    if (promotions.length === 0) return;
    // In one order, so that two calls at once wait for each other and do not deadlock.
    const sorted = [...promotions].sort((a, b) => (a.promotionId < b.promotionId ? -1 : 1));
    const places = sorted.map(() => '(?, ?, ?, ?, ?, ?, ?, ?, UTC_TIMESTAMP(3))').join(', ');
    await this.database.query(
      `INSERT INTO promotion (${COLUMNS}, update_time) VALUES ${places}
       ON DUPLICATE KEY UPDATE label = VALUES(label), kind = VALUES(kind), terms = VALUES(terms),
         starts_at = VALUES(starts_at), ends_at = VALUES(ends_at), priority = VALUES(priority),
         status = VALUES(status), update_time = VALUES(update_time)`,
      sorted.flatMap(toParameters),
    );
  }
}

/** Throws for a row whose terms make no sense: it must not reach a price. */
function fromRow(row: PromotionRow): Promotion {
  const head = {
    promotionId: row.promotion_id,
    label: row.label,
    startsAt: row.starts_at === null ? null : fromDateTime(row.starts_at),
    endsAt: row.ends_at === null ? null : fromDateTime(row.ends_at),
    priority: row.priority,
    status: row.status,
  };
  // MariaDB keeps JSON as text, MySQL's driver has it parsed.
  return toPromotion(head, row.kind, typeof row.terms === 'string' ? JSON.parse(row.terms) : row.terms);
}

function toParameters(promotion: Promotion): unknown[] {
  return [
    promotion.promotionId,
    promotion.label,
    promotion.kind,
    promotionTerms(promotion),
    promotion.startsAt === null ? null : toDateTime(promotion.startsAt),
    promotion.endsAt === null ? null : toDateTime(promotion.endsAt),
    promotion.priority,
    promotion.status,
  ];
}
