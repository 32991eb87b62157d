import { MigrationInterface, QueryRunner } from 'typeorm';

/** Settings an operator changes while the service runs, and the indexes the shoppers' lists of SKUs are read along. */
export class SettingsAndSkuLists1763900000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(SETTING);
    await queryRunner.query(
      `ALTER TABLE product_sku DROP KEY idx_shop, DROP KEY idx_spu,
         ADD KEY idx_shop (shop_id, status, sku_id),
         ADD KEY idx_spu (spu_id, status, sku_id),
         ADD KEY idx_status (status, sku_id)`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `ALTER TABLE product_sku DROP KEY idx_status, DROP KEY idx_shop, DROP KEY idx_spu,
         ADD KEY idx_shop (shop_id, sku_id),
         ADD KEY idx_spu (spu_id)`,
    );
    await queryRunner.query('DROP TABLE setting');
  }
}

const SETTING = `
CREATE TABLE setting (
  name varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  value json NOT NULL,
  ends_at datetime(3) NULL COMMENT 'UTC; from then on the default holds again. NULL: until it is deleted',
  update_time datetime NOT NULL COMMENT 'UTC'
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4`;
