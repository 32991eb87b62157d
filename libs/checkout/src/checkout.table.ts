import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { LiveCart } from '@app/cart';
import { ErrorCode, ErrorDetail } from '@app/common';
import { Database, Query } from '@app/database';

/** A request to check out: whose, under which key, and the hash of its body. */
export interface CheckoutRequest {
  userId: string;
  key: string;
  hash: string;
}

/** The right of one attempt to finish a request; another attempt that takes it over ends it. */
export interface CheckoutClaim extends CheckoutRequest {
  token: string;
  /** An order of an earlier attempt that is reserved, and not confirmed yet. */
  orderId: string | undefined;
}

export interface StoredRefusal {
  code: ErrorCode;
  details: ErrorDetail[];
  message: string;
}

export type Claimed = { state: 'claimed'; claim: CheckoutClaim } | Unclaimed;

/** A request that another attempt has, or had: what it came to, if it has come to something. */
export type Unclaimed =
  | { state: 'ordered'; orderId: string }
  | { state: 'refused'; refusal: StoredRefusal }
  | { state: 'running' | 'reused' };

interface CheckoutRow {
  token: string;
  body_hash: string;
  state: 'running' | 'placing' | 'done';
  order_id: string | null;
  refusal: string | StoredRefusal | null;
}

/** An attempt that was not heard of for so long has lost its process, seconds. */
const SILENT_SECONDS = 30;
/** How long an outcome is kept for repeats, hours. */
const KEPT_HOURS = 24;

/** Whose row it is from here on. Assignments run from left to right, so the others look at `token`, which comes first. */
const MINE = 'token = VALUES(token)';
const TAKE_OVER = `
  token = IF(claimed_at < UTC_TIMESTAMP(3) - INTERVAL ${KEPT_HOURS} HOUR OR (body_hash = VALUES(body_hash) AND
    (state = 'placing' OR (state = 'running' AND claimed_at < UTC_TIMESTAMP(3) - INTERVAL ${SILENT_SECONDS} SECOND))),
    VALUES(token), token),
  order_id = IF(${MINE} AND claimed_at < UTC_TIMESTAMP(3) - INTERVAL ${KEPT_HOURS} HOUR, NULL, order_id),
  body_hash = IF(${MINE}, VALUES(body_hash), body_hash),
  state = IF(${MINE}, 'running', state),
  refusal = IF(${MINE}, NULL, refusal),
  claimed_at = IF(${MINE}, VALUES(claimed_at), claimed_at)`;

const OF_CLAIM = `user_id = ? AND idempotency_key = ? AND token = ? AND state = 'running'`;

/**
 * The `checkout` table: one row per user and Idempotency-Key, with what the request came to. The order is committed
 * together with its row, by the attempt whose token is in it: so a request is done once, whatever dies in between.
 */
@Injectable()
export class CheckoutTable {
  constructor(private readonly database: Database) {}

  /** The right to finish the request, or what it came to, or why neither. */
  async claim(request: CheckoutRequest): Promise<Claimed> {
    const { userId, key, hash } = request;
    const token = randomBytes(12).toString('base64url');
    await this.database.query(
      `INSERT INTO checkout (user_id, idempotency_key, body_hash, token, state, claimed_at)
       VALUES (?, ?, ?, ?, 'running', UTC_TIMESTAMP(3)) ON DUPLICATE KEY UPDATE ${TAKE_OVER}`,
      [userId, key, hash, token],
    );
    const row = await this.find(request);
    if (row?.token !== token) return outcomeOf(row, hash);
    const orderId = row.order_id === null ? undefined : String(row.order_id);
    return { state: 'claimed', claim: { ...request, token, orderId } };
  }

  /** What another attempt that has taken over came to; `undefined`: none has. */
  async takenOver(claim: CheckoutClaim): Promise<Unclaimed | undefined> {
    const row = await this.find(claim);
    return row?.token === claim.token ? undefined : outcomeOf(row, claim.hash);
  }

  /** Keeps the cart as it was written to MySQL before the order. `false`: another attempt has taken over. */
  persisted(claim: CheckoutClaim, { version, items }: LiveCart): Promise<boolean> {
    return this.update(this.database.query, claim, 'snapshot = ?, claimed_at = UTC_TIMESTAMP(3)', [
      JSON.stringify({ version, items }),
    ]);
  }

  /** One checkout of a user at a time, to the end of the transaction of `query`. */
  async lockAll(userId: string, query: Query): Promise<void> {
    await query('SELECT idempotency_key FROM checkout WHERE user_id = ? FOR UPDATE', [userId]);
  }

  /** The order is what the request came to. `false`: another attempt has taken over, and nothing must be committed. */
  ordered(claim: CheckoutClaim, orderId: string, query: Query): Promise<boolean> {
    return this.update(query, claim, "state = 'done', order_id = ?, snapshot = NULL", [orderId]);
  }

  /** The order is reserved and has a number; the attempt goes on. `false` as of {@link ordered}. */
  reserved(claim: CheckoutClaim, orderId: string, query: Query): Promise<boolean> {
    return this.update(query, claim, 'order_id = ?, claimed_at = UTC_TIMESTAMP(3)', [orderId]);
  }

  /** The order a request has reserved is made. */
  async placed(userId: string, orderId: string, query: Query): Promise<void> {
    await query("UPDATE checkout SET state = 'done', snapshot = NULL WHERE user_id = ? AND order_id = ?", [
      userId,
      orderId,
    ]);
  }

  /** The order a request has reserved came to nothing, and this is what its repeats are told. */
  async notPlaced(userId: string, orderId: string, refusal: StoredRefusal, query: Query): Promise<void> {
    await query(
      `UPDATE checkout SET state = 'done', snapshot = NULL, refusal = ?, order_id = NULL
       WHERE user_id = ? AND order_id = ?`,
      [JSON.stringify(refusal), userId, orderId],
    );
  }

  /** A refusal is what the request came to, and what its repeats are told. `false`: the row was not ours to end. */
  refused(claim: CheckoutClaim, refusal: StoredRefusal, query: Query = this.database.query): Promise<boolean> {
    return this.update(query, claim, "state = 'done', order_id = NULL, snapshot = NULL, refusal = ?", [
      JSON.stringify(refusal),
    ]);
  }

  /** The attempt came to nothing that a repeat shall hear of: the next may try at once. `false` as of {@link refused}. */
  async release(claim: CheckoutClaim): Promise<boolean> {
    const result = (await this.database.query(`DELETE FROM checkout WHERE ${OF_CLAIM} AND order_id IS NULL`, [
      claim.userId,
      claim.key,
      claim.token,
    ])) as unknown as { affectedRows: number };
    return result.affectedRows > 0 || (await this.update(this.database.query, claim, "state = 'placing'", []));
  }

  /** Takes out what is no longer kept for repeats, at most so many rows; returns how many. */
  async purge(limit: number): Promise<number> {
    const result = (await this.database.query(
      `DELETE FROM checkout WHERE claimed_at < UTC_TIMESTAMP(3) - INTERVAL ${KEPT_HOURS} HOUR
       ORDER BY claimed_at LIMIT ?`,
      [limit],
    )) as unknown as { affectedRows: number };
    return result.affectedRows;
  }

  private async find({ userId, key }: CheckoutRequest): Promise<CheckoutRow | undefined> {
    const [row] = await this.database.query<CheckoutRow>(
      'SELECT token, body_hash, state, order_id, refusal FROM checkout WHERE user_id = ? AND idempotency_key = ?',
      [userId, key],
    );
    return row;
  }

  private async update(query: Query, claim: CheckoutClaim, set: string, values: unknown[]): Promise<boolean> {
    const result = (await query(`UPDATE checkout SET ${set} WHERE ${OF_CLAIM}`, [
      ...values,
      claim.userId,
      claim.key,
      claim.token,
    ])) as unknown as { affectedRows: number };
    return result.affectedRows > 0;
  }
}

function outcomeOf(row: CheckoutRow | undefined, hash: string): Unclaimed {
  if (row && row.body_hash !== hash) return { state: 'reused' };
  if (row?.state !== 'done') return { state: 'running' };
  if (row.order_id !== null) return { state: 'ordered', orderId: String(row.order_id) };
  return { state: 'refused', refusal: parse(row.refusal!) };
}

function parse(refusal: string | StoredRefusal): StoredRefusal {
  // MariaDB keeps JSON as text, MySQL's driver has it parsed.
  return typeof refusal === 'string' ? (JSON.parse(refusal) as StoredRefusal) : refusal;
}
