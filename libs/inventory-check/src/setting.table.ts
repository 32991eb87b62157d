import { Injectable } from '@nestjs/common';
import { Database, fromDateTime, toDateTime } from '@app/database';

/** A setting an operator has made, whether its time is over or not. */
export interface StoredSetting {
  value: unknown;
  /** ms since 1970; `null`: it has no end. */
  endsAt: number | null;
  /** ms from the moment of the query to `endsAt` by MySQL's clock, ≤ 0 when that has passed; `null`: it has no end. */
  remaining: number | null;
}

/** The `setting` table. Its clock decides when a setting ends, so that all instances end it together. */
@Injectable()
export class SettingTable {
  constructor(private readonly database: Database) {}

  async find(name: string): Promise<StoredSetting | undefined> {
    const [row] = await this.database.query<{ value: unknown; ends_at: string | null; remaining: string | null }>(
      `SELECT value, ends_at, TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(6), ends_at) AS remaining
       FROM setting WHERE name = ?`,
      [name],
    );
    if (!row) return undefined;
    return {
      // MariaDB keeps JSON as text, MySQL's driver has it parsed.
      value: typeof row.value === 'string' ? (JSON.parse(row.value) as unknown) : row.value,
      endsAt: row.ends_at === null ? null : fromDateTime(row.ends_at),
      remaining: row.remaining === null ? null : Number(row.remaining) / 1000,
    };
  }

  /** Whether a moment, in ms since 1970, lies ahead by MySQL's clock. */
  async isAhead(at: number): Promise<boolean> {
    const [row] = await this.database.query<{ ahead: unknown }>('SELECT UTC_TIMESTAMP(3) < ? AS ahead', [
      toDateTime(at),
    ]);
    return Number(row!.ahead) === 1;
  }

  async put(name: string, value: object, endsAt: number | null): Promise<void> {
    await this.database.query(
      `INSERT INTO setting (name, value, ends_at, update_time) VALUES (?, ?, ?, UTC_TIMESTAMP())
       ON DUPLICATE KEY UPDATE value = VALUES(value), ends_at = VALUES(ends_at), update_time = VALUES(update_time)`,
      [name, JSON.stringify(value), endsAt === null ? null : toDateTime(endsAt)],
    );
  }

  async remove(name: string): Promise<void> {
    await this.database.query('DELETE FROM setting WHERE name = ?', [name]);
  }
}
