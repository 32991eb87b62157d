import { Injectable } from '@nestjs/common';
import { Database, toDateTime } from '@app/database';

/** What an administrator asked the service to change. */
export interface AuditEntry {
  /** Who asked; `null`: nobody who could prove it. */
  userId: string | null;
  /** When the request came, ms since 1970. */
  at: number;
  method: string;
  /** As the service names it, such as `/v1/admin/carts/:userId/sync`. */
  route: string;
  /** The path as it was sent. */
  target: string;
  /** A summary without secrets. */
  body: string | null;
  /** Of the answer; `null`: the client had gone before it. */
  status: number | null;
}

const COLUMNS = 'user_id, at, method, route, target, body, status';
const PLACES = '(?, ?, ?, ?, ?, ?, ?)';
const ROUTE_CHARS = 128;
const TARGET_CHARS = 512;

/** The `admin_audit` table. */
@Injectable()
export class AdminAuditTable {
  constructor(private readonly database: Database) {}

  /** In one statement: all of them or none. */
  async add(entries: readonly AuditEntry[]): Promise<void> {
    if (entries.length === 0) return;
    const places = Array<string>(entries.length).fill(PLACES).join(', ');
    await this.database.query(
      `INSERT INTO admin_audit (${COLUMNS}) VALUES ${places}`,
      entries.flatMap(({ userId, at, method, route, target, body, status }) => [
        userId,
        toDateTime(at),
        method,
        route.slice(0, ROUTE_CHARS),
        target.slice(0, TARGET_CHARS),
        body,
        status,
      ]),
    );
  }
}
