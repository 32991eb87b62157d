import { Query } from '@app/database';

const SETTING = 'sku-numbers';
/** Far from the numbers that shops of their own begin with. */
const FIRST = 1_000_000_000n;

/** Numbers for new SKUs, each given once. The row that counts them is locked until the transaction ends. */
export class SkuNumbers {
  private constructor(
    private next: bigint,
    private readonly query: Query,
  ) {}

  static async lock(query: Query): Promise<SkuNumbers> {
    await query(
      `INSERT INTO setting (name, value, update_time) VALUES (?, ?, UTC_TIMESTAMP())
       ON DUPLICATE KEY UPDATE name = VALUES(name)`,
      [SETTING, JSON.stringify({ next: String(FIRST) })],
    );
    const [row] = await query<{ value: unknown }>('SELECT value FROM setting WHERE name = ? FOR UPDATE', [SETTING]);
    return new SkuNumbers(toNext(row!.value), query);
  }

  /** Numbers that the shop has used itself are passed over. */
  async take(count: number): Promise<string[]> {
    const free: string[] = [];
    while (free.length < count) {
      const window = Array.from({ length: count - free.length }, () => String(this.next++));
      const rows = await this.query<{ sku_id: string }>('SELECT sku_id FROM product_sku WHERE sku_id IN (?)', [window]);
      const used = new Set(rows.map(({ sku_id }) => sku_id));
      free.push(...window.filter((id) => !used.has(id)));
    }
    await this.query('UPDATE setting SET value = ?, update_time = UTC_TIMESTAMP() WHERE name = ?', [
      JSON.stringify({ next: String(this.next) }),
      SETTING,
    ]);
    return free;
  }
}

/** MariaDB keeps JSON as text, MySQL's driver has it parsed. */
function toNext(stored: unknown): bigint {
  const value = (typeof stored === 'string' ? JSON.parse(stored) : stored) as { next?: unknown } | null;
  if (typeof value?.next !== 'string' || !/^\d{1,18}$/.test(value.next)) {
    throw new Error('the setting "sku-numbers" makes no sense');
  }
  return BigInt(value.next);
}
