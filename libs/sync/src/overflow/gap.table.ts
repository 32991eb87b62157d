import { Injectable } from '@nestjs/common';
import { Database } from '@app/database';
import { LogGap } from './overflow.store.js';

/**
 * The `change_log_gap` table: how many lines the change log lacks, so that whoever counts on it knows. Redis counts; a
 * count that began with the same version only grows, so it may be written any number of times, by any instance.
 */
@Injectable()
export class GapTable {
  constructor(private readonly database: Database) {}

  async keep({ since, lines }: LogGap): Promise<void> {
    await this.database.query(
      `INSERT INTO change_log_gap (since_version, missing_lines, updated_at) VALUES (?, ?, UTC_TIMESTAMP(3))
       ON DUPLICATE KEY UPDATE
         updated_at = IF(VALUES(missing_lines) > missing_lines, VALUES(updated_at), updated_at),
         missing_lines = GREATEST(missing_lines, VALUES(missing_lines))`,
      [since, lines],
    );
  }

  /** All that were ever kept. */
  async total(): Promise<number> {
    const [row] = await this.database.query<{ n: string | null }>('SELECT SUM(missing_lines) AS n FROM change_log_gap');
    return Number(row?.n ?? 0);
  }
}
