import { Injectable } from '@nestjs/common';
import { AppError } from '@app/common';
import { Database, Query } from '@app/database';
import type { OwnedCoupon } from './engine/coupon.js';
import { COUPON_COLUMNS, CouponRow, fromCouponRow, IS_ACTIVE } from './coupon.table.js';
import { readAll } from './terms.js';

/** The request a grant belongs to, when its client may repeat it. */
export interface GrantRequest {
  key: string;
  /** Of the body. */
  hash: string;
}

/** The most coupons that are looked at for one user: those with something left, then the newest. */
const MAX_OWNED = 500;
const MAX_INT = 2_147_483_647;
const DUPLICATE = 1062;
/** A request with this key is another one: the earlier is no longer kept for repeats. */
const IS_OLD = 'request_key = ? AND create_time < UTC_TIMESTAMP(3) - INTERVAL 24 HOUR';
/** Old records of grants that go with each new one. */
const PURGED = 100;

/** The `user_coupon` table: who has which coupons, and how many are used. */
@Injectable()
export class UserCouponTable {
  constructor(private readonly database: Database) {}

  /** A user's coupons in the order of their ids, the used, the switched off and those that are over too. */
  async owned(userId: string, query: Query = this.database.query): Promise<OwnedCoupon[]> {
    const rows = await query<CouponRow & { granted: number; used: number }>(
      `SELECT ${COUPON_COLUMNS}, mine.granted, mine.used
       FROM user_coupon mine JOIN coupon ON coupon.coupon_id = mine.coupon_id
       WHERE mine.user_id = ? ORDER BY mine.used >= mine.granted, mine.create_time DESC, mine.coupon_id LIMIT ?`,
      [userId, MAX_OWNED],
    );
    const owned = readAll(rows, (row) => ({ ...fromCouponRow(row), granted: row.granted, used: row.used }));
    return owned.sort((a, b) => (a.couponId < b.couponId ? -1 : 1));
  }

  /**
   * Uses one of each. `false`: of some there is none left, and then the transaction of `query` must not be committed.
   * The rows stay locked to its end, so that two orders at once cannot use the last one twice.
   */
  async use(userId: string, couponIds: readonly string[], query: Query): Promise<boolean> {
    if (couponIds.length === 0) return true;
    const changed = await affected(
      query,
      'UPDATE user_coupon SET used = used + 1 WHERE user_id = ? AND coupon_id IN (?) AND used < granted',
      [userId, couponIds],
    );
    return changed === couponIds.length;
  }

  /** Takes back one use of each; the caller sees to it that it does so once. */
  async giveBack(userId: string, couponIds: readonly string[], query: Query): Promise<void> {
    if (couponIds.length === 0) return;
    await query('UPDATE user_coupon SET used = used - 1 WHERE user_id = ? AND coupon_id IN (?) AND used > 0', [
      userId,
      couponIds,
    ]);
  }

  /**
   * Gives a user some more of a coupon; answers how many it was given in all, `undefined` when there is no such coupon.
   * With a request the grant is made once, however often it is repeated, for its record is written by the same
   * transaction. Throws `IDEMPOTENCY_KEY_REUSED` for another body.
   */
  async grant(userId: string, couponId: string, count: number, request?: GrantRequest): Promise<number | undefined> {
    try {
      const granted = await this.database.transaction(async (query) => {
        const total = await this.add(userId, couponId, count, query);
        if (request && total !== undefined) await record(request, total, query);
        return total;
      });
      // One that fails is made up for by the next.
      if (request) await this.purgeGrants(PURGED).catch(() => undefined);
      return granted;
    } catch (error) {
      if (!request || (error as { errno?: number }).errno !== DUPLICATE) throw error;
      return this.answerOf(request);
    }
  }

  /**
   * Gives a user one of an active coupon, the first time alone. `false`: there is no such coupon to claim, and the user
   * has none either.
   */
  async claim(userId: string, couponId: string): Promise<boolean> {
    // `granted` looks at `claimed` before it is set: assignments run from left to right.
    const changed = await affected(
      this.database.query,
      `INSERT INTO user_coupon (user_id, coupon_id, granted, claimed, create_time)
       SELECT ?, coupon_id, 1, 1, UTC_TIMESTAMP(3) FROM coupon WHERE coupon_id = ? AND ${IS_ACTIVE}
       ON DUPLICATE KEY UPDATE
         granted = LEAST(granted + IF(claimed = 0, 1, 0), ${MAX_INT}), claimed = 1`,
      [userId, couponId],
    );
    return changed > 0 || (await this.has(userId, couponId));
  }

  /** Which of these coupons a user has claimed. */
  async claimed(userId: string, couponIds: readonly string[]): Promise<Set<string>> {
    if (couponIds.length === 0) return new Set();
    const rows = await this.database.query<{ coupon_id: string }>(
      'SELECT coupon_id FROM user_coupon WHERE user_id = ? AND coupon_id IN (?) AND claimed = 1',
      [userId, couponIds],
    );
    return new Set(rows.map((row) => row.coupon_id));
  }

  /** Records of grants that no client repeats any more; at most `limit` go. */
  async purgeGrants(limit: number): Promise<void> {
    await this.database.query(
      'DELETE FROM coupon_grant WHERE create_time < UTC_TIMESTAMP(3) - INTERVAL 2 DAY ORDER BY create_time LIMIT ?',
      [limit],
    );
  }

  private async add(userId: string, couponId: string, count: number, query: Query): Promise<number | undefined> {
    await query(
      `INSERT INTO user_coupon (user_id, coupon_id, granted, create_time)
       SELECT ?, coupon_id, ?, UTC_TIMESTAMP(3) FROM coupon WHERE coupon_id = ?
       ON DUPLICATE KEY UPDATE granted = LEAST(granted + VALUES(granted), ${MAX_INT})`,
      [userId, count, couponId],
    );
    const [row] = await query<{ granted: number }>(
      'SELECT granted FROM user_coupon WHERE user_id = ? AND coupon_id = ?',
      [userId, couponId],
    );
    return row?.granted;
  }

  private async has(userId: string, couponId: string): Promise<boolean> {
    const rows = await this.database.query('SELECT 1 FROM user_coupon WHERE user_id = ? AND coupon_id = ?', [
      userId,
      couponId,
    ]);
    return rows.length > 0;
  }

  private async answerOf({ key, hash }: GrantRequest): Promise<number> {
    const [row] = await this.database.query<{ body_hash: string; granted: number }>(
      'SELECT body_hash, granted FROM coupon_grant WHERE request_key = ?',
      [key],
    );
    if (row?.body_hash !== hash) throw new AppError('IDEMPOTENCY_KEY_REUSED');
    return row.granted;
  }
}

/** Fails, and the grant with it, when the request was answered before. */
async function record({ key, hash }: GrantRequest, granted: number, query: Query): Promise<void> {
  // Looked for first: to delete what is not there would lock the place between two keys, where others insert theirs.
  const [old] = await query(`SELECT 1 FROM coupon_grant WHERE ${IS_OLD}`, [key]);
  if (old) await query(`DELETE FROM coupon_grant WHERE ${IS_OLD}`, [key]);
  await query(
    'INSERT INTO coupon_grant (request_key, body_hash, granted, create_time) VALUES (?, ?, ?, UTC_TIMESTAMP(3))',
    [key, hash, granted],
  );
}

async function affected(query: Query, sql: string, parameters: readonly unknown[]): Promise<number> {
  return ((await query(sql, parameters)) as unknown as { affectedRows: number }).affectedRows;
}
