import { MigrationInterface, QueryRunner } from 'typeorm';
import { searchTextOf } from '../search-text.js';

const PAGE = 500;

/**
 * What a shop's own systems need of the catalogue: a code names one SKU, a version that only the shop's writes raise, and
 * the order in which SKUs were added; and a text to search that tells apart what Unicode's default collation does.
 */
export class CatalogueOfShops1764820000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(COLUMNS);
    await renameDuplicates(queryRunner);
    await queryRunner.query(`ALTER TABLE product_sku
      ADD COLUMN live_code varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
        AS (IF(status = 'gone', NULL, sku_code)) VIRTUAL COMMENT 'a deleted SKU leaves its code to others',
      ADD UNIQUE KEY uk_live_code (live_code),
      ADD KEY idx_code (sku_code)`);
    await fillSearchText(queryRunner);
    await queryRunner.query(SKU_CHANGE);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE sku_change');
    await queryRunner.query('ALTER TABLE product_sku DROP KEY uk_live_code, DROP KEY idx_code, DROP COLUMN live_code');
    await queryRunner.query(`ALTER TABLE product_sku
      DROP KEY idx_shop_added, DROP KEY uk_added_no, DROP COLUMN added_no, DROP COLUMN edition, DROP COLUMN search_text,
      MODIFY name varchar(255) NOT NULL, MODIFY shop_name varchar(255) NOT NULL`);
  }
}

const COLUMNS = `ALTER TABLE product_sku
  MODIFY name varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci NOT NULL,
  MODIFY shop_name varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci NOT NULL,
  ADD COLUMN edition bigint DEFAULT 1 NOT NULL COMMENT 'grows with what the shop writes, not with what orders take',
  ADD COLUMN added_no bigint AUTO_INCREMENT NOT NULL COMMENT 'the order in which SKUs were added',
  ADD COLUMN search_text varchar(2048) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci NULL
    COMMENT 'name and code as a search compares them; NULL: not made yet',
  ADD UNIQUE KEY uk_added_no (added_no),
  ADD KEY idx_shop_added (shop_id, added_no)`;

/** A PATCH that shifts the stock and has an Idempotency-Key is made once. */
const SKU_CHANGE = `
CREATE TABLE sku_change (
  request_key varchar(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  body_hash char(43) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  create_time datetime(3) NOT NULL,
  KEY idx_create_time (create_time)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4`;

/** Codes were not unique: the SKU with the lowest id keeps one, the others get theirs with `~<skuId>` behind it. */
async function renameDuplicates(queryRunner: QueryRunner): Promise<void> {
  await queryRunner.query(`UPDATE product_sku s
    JOIN (SELECT sku_code, MIN(sku_id) AS first_id FROM product_sku WHERE status <> 'gone'
          GROUP BY sku_code HAVING COUNT(*) > 1) d ON d.sku_code = s.sku_code AND s.sku_id <> d.first_id
    SET s.sku_code = CONCAT(LEFT(s.sku_code, 44), '~', s.sku_id), s.version = s.version + 1,
        s.update_time = UTC_TIMESTAMP()
    WHERE s.status <> 'gone'`);
}

async function fillSearchText(queryRunner: QueryRunner): Promise<void> {
  for (let after = '0'; ;) {
    const rows = (await queryRunner.query(
      'SELECT CAST(sku_id AS CHAR) AS sku_id, name, sku_code FROM product_sku WHERE sku_id > ? ORDER BY sku_id LIMIT ?',
      [after, PAGE],
    )) as { sku_id: string; name: string; sku_code: string }[];
    if (rows.length === 0) return;
    const places = 'WHEN CAST(? AS SIGNED) THEN ? '.repeat(rows.length);
    await queryRunner.query(
      `UPDATE product_sku SET search_text = CASE sku_id ${places} END, update_time = update_time WHERE sku_id IN (?)`,
      [...rows.flatMap((row) => [row.sku_id, searchTextOf(row.name, row.sku_code)]), rows.map((row) => row.sku_id)],
    );
    after = rows.at(-1)!.sku_id;
  }
}
