import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Database, Query, toDateTime } from '@app/database';

/** Something that was to be applied and cannot be, however often it is repeated. */
export interface DeadLetter {
  messageId: string;
  reason: string;
  body: string | Buffer;
}

const REASON_CHARS = 512;
const MESSAGE_ID_CHARS = 128;

/** The `dead_letter` table: kept with the reason until an operator has looked. */
@Injectable()
export class DeadLetterTable {
  constructor(private readonly database: Database) {}

  /** Keeps each body once, however often it is delivered. */
  async add(letters: readonly DeadLetter[], query: Query = this.database.query): Promise<void> {
    for (const { messageId, reason, body } of letters) {
      await query(
        `INSERT INTO dead_letter (fingerprint, message_id, reason, body, created_at) VALUES (?, ?, ?, ?, ?)
         ON DUPLICATE KEY UPDATE id = id`,
        [
          createHash('sha256').update(body).digest('hex'),
          messageId.slice(0, MESSAGE_ID_CHARS),
          reason.slice(0, REASON_CHARS),
          Buffer.from(body),
          toDateTime(Date.now()),
        ],
      );
    }
  }

  async count(): Promise<number> {
    const [row] = await this.database.query<{ n: string }>(
      'SELECT COUNT(*) AS n FROM dead_letter WHERE replayed_at IS NULL',
    );
    return Number(row?.n ?? 0);
  }
}
