import { Injectable } from '@nestjs/common';
import { compareDecimals, Database } from '@app/database';
import type { Companion } from './baskets.js';

/** SKUs whose rows are replaced in one transaction. */
const REPLACED = 200;
const DELETED = 1_000;

interface CompanionRow {
  sku_id: string;
  companion_id: string;
  orders: number;
  score: string;
}

/** The `sku_companion` table: what is bought together, as it was last learned. */
@Injectable()
export class CompanionTable {
  constructor(private readonly database: Database) {}

  /** The companions of each of these SKUs, strongest first; a SKU without any is left out. */
  async find(skuIds: readonly string[]): Promise<Map<string, Companion[]>> {
    const found = new Map<string, Companion[]>();
    if (skuIds.length === 0) return found;
    const rows = await this.database.query<CompanionRow>(
      `SELECT sku_id, companion_id, orders, score FROM sku_companion WHERE sku_id IN (?)
       ORDER BY sku_id, score DESC, companion_id`,
      [skuIds],
    );
    for (const { sku_id, companion_id, orders, score } of rows) {
      const companions = found.get(String(sku_id)) ?? [];
      companions.push({ skuId: String(companion_id), orders: Number(orders), score: Number(score) });
      found.set(String(sku_id), companions);
    }
    return found;
  }

  async isEmpty(): Promise<boolean> {
    return (await this.database.query('SELECT 1 FROM sku_companion LIMIT 1')).length === 0;
  }

  /**
   * Replaces what is known of these SKUs, some at a time: each has either its old companions or its new ones. `learnedAt`
   * is a moment of MySQL's clock; `null`: from the sample, until the shop's own orders tell.
   */
  async *replace(companions: ReadonlyMap<string, readonly Companion[]>, learnedAt: string | null) {
    const all = [...companions].sort(([a], [b]) => compareDecimals(a, b));
    for (let i = 0; i < all.length; i += REPLACED) {
      const some = all.slice(i, i + REPLACED);
      const skuIds = some.map(([skuId]) => skuId);
      const rows = some.flatMap(([skuId, list]) =>
        list.map((one) => [skuId, one.skuId, one.orders, one.score, learnedAt]),
      );
      await this.database.transaction(async (query) => {
        await query('DELETE FROM sku_companion WHERE sku_id IN (?)', [skuIds]);
        await query('INSERT INTO sku_companion (sku_id, companion_id, orders, score, learned_at) VALUES ?', [rows]);
      });
      yield { skuIds, written: rows.length };
    }
  }

  /** Takes away some of what was learned before this moment and not since; `0`: nothing is left of it. */
  async forget(learnedBefore: string): Promise<number> {
    const result = (await this.database.query(
      'DELETE FROM sku_companion WHERE learned_at < ? ORDER BY learned_at LIMIT ?',
      [learnedBefore, DELETED],
    )) as unknown as { affectedRows: number };
    return result.affectedRows;
  }
}
