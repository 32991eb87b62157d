import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Database, fromDateTime, Query, toDateTime } from '@app/database';

/** Something that was to be applied and cannot be, however often it is repeated. */
export interface DeadLetter {
  messageId: string;
  reason: string;
  body: string | Buffer;
}

/** A dead letter as it is kept. Times in ms since 1970. */
export interface KeptLetter {
  id: string;
  messageId: string;
  reason: string;
  createdAt: number;
  /** `null`: it still waits. */
  replayedAt: number | null;
  /** The beginning of the body, as UTF-8, and how long all of it is. */
  excerpt: string;
  bytes: number;
}

const REASON_CHARS = 512;
const MESSAGE_ID_CHARS = 128;
const PAGE = 50;
const EXCERPT_BYTES = 4_000;
const KEPT = `id, message_id, reason, created_at, replayed_at, LENGTH(body) AS bytes,
  SUBSTRING(body, 1, ${EXCERPT_BYTES}) AS excerpt`;

interface RawLetter {
  id: string;
  message_id: string;
  reason: string;
  created_at: string;
  replayed_at: string | null;
  bytes: string;
  excerpt: Buffer;
}

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

  /** Newest first, at most 50, below an id; those that were replayed too. */
  async page(before?: string): Promise<{ letters: KeptLetter[]; next: string | null }> {
    const where = before === undefined ? '' : 'WHERE id < ?';
    const found = await this.database.query<RawLetter>(
      `SELECT ${KEPT} FROM dead_letter ${where} ORDER BY id DESC LIMIT ?`,
      [...(before === undefined ? [] : [before]), PAGE + 1],
    );
    const letters = found.slice(0, PAGE).map(toLetter);
    return { letters, next: found.length > PAGE ? letters.at(-1)!.id : null };
  }

  async find(id: string): Promise<KeptLetter | undefined> {
    const [row] = await this.database.query<RawLetter>(`SELECT ${KEPT} FROM dead_letter WHERE id = ?`, [id]);
    return row && toLetter(row);
  }

  /** All of a body. */
  async bodyOf(id: string): Promise<Buffer | undefined> {
    const [row] = await this.database.query<{ body: Buffer }>('SELECT body FROM dead_letter WHERE id = ?', [id]);
    return row?.body;
  }

  /** It was applied; the first time counts. */
  async markReplayed(id: string): Promise<void> {
    await this.database.query(
      'UPDATE dead_letter SET replayed_at = UTC_TIMESTAMP(3) WHERE id = ? AND replayed_at IS NULL',
      [id],
    );
  }

  /** It still cannot be applied, for this reason. */
  async keep(id: string, reason: string): Promise<void> {
    await this.database.query('UPDATE dead_letter SET reason = ? WHERE id = ? AND replayed_at IS NULL', [
      reason.slice(0, REASON_CHARS),
      id,
    ]);
  }

  /** How many wait. */
  async count(): Promise<number> {
    const [row] = await this.database.query<{ n: string }>(
      'SELECT COUNT(*) AS n FROM dead_letter WHERE replayed_at IS NULL',
    );
    return Number(row?.n ?? 0);
  }
}

function toLetter(raw: RawLetter): KeptLetter {
  return {
    id: String(raw.id),
    messageId: raw.message_id,
    reason: raw.reason,
    createdAt: fromDateTime(raw.created_at),
    replayedAt: raw.replayed_at === null ? null : fromDateTime(raw.replayed_at),
    excerpt: Buffer.from(raw.excerpt).toString('utf8'),
    bytes: Number(raw.bytes),
  };
}
