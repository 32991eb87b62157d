import type { Database } from '@app/database';

const BEGIN = [
  'CREATE TABLE row_watch (user_id bigint NOT NULL, product_sku_id bigint NOT NULL, what varchar(8) NOT NULL)',
  `CREATE TRIGGER row_watch_update AFTER UPDATE ON cart FOR EACH ROW
   INSERT INTO row_watch
   SELECT NEW.user_id, NEW.product_sku_id, IF(NEW.version < OLD.version, 'lowered', 'removed') FROM DUAL
   WHERE NEW.version < OLD.version OR NEW.is_deleted > OLD.is_deleted`,
  `CREATE TRIGGER row_watch_delete AFTER DELETE ON cart FOR EACH ROW
   INSERT INTO row_watch VALUES (OLD.user_id, OLD.product_sku_id, 'deleted')`,
];

/** MySQL itself watches the rows of carts: none that was lowered, removed or deleted for a moment goes unseen. */
export class RowWatch {
  private constructor(private readonly database: Database) {}

  /** In a database that is the test's own. */
  static async begin(database: Database): Promise<RowWatch> {
    for (const statement of BEGIN) await database.query(statement);
    return new RowWatch(database);
  }

  /** What has happened to the rows of a user. */
  of(userId: string) {
    return this.database.query<{ product_sku_id: string; what: 'lowered' | 'removed' | 'deleted' }>(
      'SELECT product_sku_id, what FROM row_watch WHERE user_id = ?',
      [userId],
    );
  }

  /** Every column of every row these users have. */
  rowsOf(...userIds: string[]) {
    const places = userIds.map(() => '?').join(', ');
    return this.database.query<Record<string, unknown>>(
      `SELECT * FROM cart WHERE user_id IN (${places}) ORDER BY id`,
      userIds,
    );
  }
}
