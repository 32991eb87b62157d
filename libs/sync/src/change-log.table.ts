import { Injectable } from '@nestjs/common';
import { CartChange, ChangedItem, Database, fromCents, fromDateTime, Query, toDateTime } from '@app/database';

const CHUNK = 500;
const COLUMNS =
  'owner_kind, owner_id, sku_id, version, action, source, quantity_before, quantity_after, selected, price, changed_at, device, sku_ids';
const PLACES = '(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)';

const PAGE = 100;
/** MySQL's last moment. */
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z');

/** A line of the log. */
export interface LoggedChange {
  id: string;
  /** `id`: the user id, or the SHA-256 of a guest's. */
  owner: { kind: 'user' | 'guest'; id: string };
  /** The first of `skuIds`: `before`, `after` and `price` are of this one. */
  skuId: string;
  /** All that one action changed in the same way, in the order of their ids. */
  skuIds: string[];
  version: string;
  action: string;
  source: string;
  before: number;
  after: number;
  selected: boolean;
  /** Money with two places: the price when it was added. */
  price: string;
  /** ms since 1970. */
  at: number;
  /** What the client called it; `null`: it did not say. */
  device: string | null;
}

/** Which lines: of a user, from a moment on, before a moment; ms since 1970. */
export interface LogFilter {
  userId?: string;
  from?: number;
  to?: number;
}

/** Where a page ends, as two numbers that order the lines. */
export type LogCursor = readonly [major: string, minor: string];

interface RawLine {
  id: string;
  owner_kind: 'user' | 'guest';
  owner_id: string;
  sku_id: string;
  version: string;
  action: string;
  source: string;
  quantity_before: number;
  quantity_after: number;
  selected: number;
  price: string;
  changed_at: string;
  device: string | null;
  sku_ids: string | string[] | null;
}

/**
 * The `cart_change_log` table: every acknowledged change once, stale ones too. An action that changes no quantity, such
 * as a selection, is one line for all its items: it costs a shopper nothing to repeat. A changed quantity has a line of
 * its own, because the analytics ask for the latest quantity of a SKU.
 */
@Injectable()
export class ChangeLogTable {
  constructor(private readonly database: Database) {}

  /**
   * The latest lines first, at most 100. Those of a user come in the order of their versions, along the unique key;
   * those of everybody by time.
   */
  async page(filter: LogFilter, after?: LogCursor): Promise<{ lines: LoggedChange[]; next: LogCursor | null }> {
    const { userId, from, to } = filter;
    const conditions: [sql: string, ...values: unknown[]][] = [['1 = 1']];
    if (userId !== undefined) conditions.push([`owner_kind = 'user' AND owner_id = ?`, userId]);
    if (from !== undefined) conditions.push(['changed_at >= ?', toDateTime(from)]);
    if (to !== undefined) conditions.push(['changed_at < ?', toDateTime(to)]);
    if (after) conditions.push(userId === undefined ? afterTime(after) : afterVersion(after));
    const where = conditions.map(([sql]) => sql).join(' AND ');
    const set = userId === undefined ? 'changed_at DESC, id DESC' : 'version DESC, sku_id DESC';
    const found = await this.database.query<RawLine>(
      `SELECT id, ${COLUMNS} FROM cart_change_log WHERE ${where} ORDER BY ${set} LIMIT ?`,
      [...conditions.flatMap(([, ...values]) => values), PAGE + 1],
    );
    const lines = found.slice(0, PAGE).map(toLine);
    const last = lines.at(-1);
    if (!last || found.length <= PAGE) return { lines, next: null };
    return { lines, next: userId === undefined ? [String(last.at), last.id] : [last.version, last.skuId] };
  }

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

type Parameters = readonly (string | number | null)[];

function toParameters({ owner, version, at, action, source, device, items }: CartChange): Parameters[] {
  return toGroups(items).map((group) => {
    const item = group[0]!;
    return [
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
      device ?? null,
      group.length > 1 ? JSON.stringify(group.map(({ skuId }) => skuId)) : null,
    ];
  });
}

/** The items of each line, in the order of ids: a repeated delivery makes the same lines of them. */
function toGroups(items: readonly ChangedItem[]): ChangedItem[][] {
  if (items.length === 1) return [[...items]];
  const groups = items.filter(hasNewQuantity).map((item) => [item]);
  const others = items.filter((item) => !hasNewQuantity(item)).sort((a, b) => inOrder(a.skuId, b.skuId));
  const bySelection = [true, false].map((selected) => others.filter((item) => item.selected === selected));
  return [...groups, ...bySelection.filter((group) => group.length > 0)];
}

function hasNewQuantity({ before, quantity, deleted }: ChangedItem): boolean {
  return before !== quantity || deleted;
}

/** One order for everybody, as in the cart table: writers wait for each other instead of deadlocking. */
function byOwnerVersionSku(a: Parameters, b: Parameters): number {
  for (const column of [0, 1, 3, 2]) {
    const order = inOrder(String(a[column]), String(b[column]));
    if (order !== 0) return order;
  }
  return 0;
}

/** Ids as numbers: the shorter is the lower. */
function inOrder(a: string, b: string): number {
  if (a === b) return 0;
  return a.length - b.length || (a < b ? -1 : 1);
}

function afterTime([at, id]: LogCursor): [sql: string, ...values: unknown[]] {
  const time = toDateTime(Math.min(Number(at), LAST_MS));
  return ['(changed_at < ? OR (changed_at = ? AND id < ?))', time, time, id];
}

function afterVersion([version, skuId]: LogCursor): [sql: string, ...values: unknown[]] {
  return ['(version < ? OR (version = ? AND sku_id < ?))', version, version, skuId];
}

function toLine(raw: RawLine): LoggedChange {
  return {
    id: String(raw.id),
    owner: { kind: raw.owner_kind, id: raw.owner_id },
    skuId: String(raw.sku_id),
    skuIds: skuIdsOf(raw),
    version: String(raw.version),
    action: raw.action,
    source: raw.source,
    before: raw.quantity_before,
    after: raw.quantity_after,
    selected: raw.selected === 1,
    price: raw.price,
    at: fromDateTime(raw.changed_at),
    device: raw.device,
  };
}

/** The driver parses JSON when the server says that it is: a MariaDB may send it as text. */
function skuIdsOf({ sku_id, sku_ids }: RawLine): string[] {
  if (sku_ids === null) return [String(sku_id)];
  return typeof sku_ids === 'string' ? (JSON.parse(sku_ids) as string[]) : sku_ids;
}
