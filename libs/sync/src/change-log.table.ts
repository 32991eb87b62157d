import { Injectable } from '@nestjs/common';
import { CartChange, Database, fromCents, Query, toDateTime } from '@app/database';

const CHUNK = 500;
const COLUMNS =
  'owner_kind, owner_id, sku_id, version, action, source, quantity_before, quantity_after, selected, price, changed_at';
const PLACES = '(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)';

/** The `cart_change_log` table: every acknowledged change once, stale ones too. */
@Injectable()
export class ChangeLogTable {
  constructor(private readonly database: Database) {}

  /** Deletes at most `limit` of the oldest lines that are older than so many days; returns how many. */
  async purge(days: number, limit: number): Promise<number> {
    const result = (await this.database.query(
      'DELETE FROM cart_change_log WHERE changed_at < UTC_TIMESTAMP(3) - INTERVAL ? DAY ORDER BY changed_at LIMIT ?',
      [days, limit],
    )) as unknown as { affectedRows: number };
    return result.affectedRows;
  }

  /** Appends; a change that is there already (a repeated delivery) is left as it is. */
  async append(changes: readonly CartChange[], query: Query = this.database.query): Promise<void> {
    const rows = changes.flatMap(toParameters).sort(byOwnerVersionSku);
    for (let i = 0; i < rows.length; i += CHUNK) {
      const chunk = rows.slice(i, i + CHUNK);
      const places = Array<string>(chunk.length).fill(PLACES).join(', ');
      await query(
        `INSERT INTO cart_change_log (${COLUMNS}) VALUES ${places}
         ON DUPLICATE KEY UPDATE id = id`,
        chunk.flat(),
      );
    }
  }
}

function toParameters({ owner, version, at, action, source, items }: CartChange): (string | number)[][] {
  return items.map((item) => [
    owner.kind,
    owner.id,
    item.skuId,
    version,
    action,
    source,
    item.before,
    item.quantity,
    item.selected ? 1 : 0,
    fromCents(item.addPrice),
    toDateTime(at),
  ]);
}

/** One order for everybody, as in the cart table: writers wait for each other instead of deadlocking. */
function byOwnerVersionSku(a: readonly (string | number)[], b: readonly (string | number)[]): number {
  for (const column of [0, 1, 3, 2]) {
    const [p, q] = [String(a[column]), String(b[column])];
    if (p !== q) return p.length - q.length || (p < q ? -1 : 1);
  }
  return 0;
}
