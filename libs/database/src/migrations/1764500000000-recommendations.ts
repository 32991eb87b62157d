import { MigrationInterface, QueryRunner } from 'typeorm';

/** What is bought together, the orders it is learned from in the order of their payment, and SKUs by price. */
export class Recommendations1764500000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(SKU_COMPANION);
    await queryRunner.query('ALTER TABLE orders ADD KEY idx_closed (status, closed_at, order_id)');
    await queryRunner.query(
      `ALTER TABLE product_sku ADD KEY idx_price (status, price, sku_id),
         ADD KEY idx_shop_price (shop_id, status, price, sku_id)`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE product_sku DROP KEY idx_shop_price, DROP KEY idx_price');
    await queryRunner.query('ALTER TABLE orders DROP KEY idx_closed');
    await queryRunner.query('DROP TABLE sku_companion');
  }
}

const SKU_COMPANION = `
CREATE TABLE sku_companion (
  sku_id bigint NOT NULL,
  companion_id bigint NOT NULL COMMENT 'a SKU that is bought with it',
  orders int NOT NULL COMMENT 'with both',
  score decimal(7, 6) NOT NULL COMMENT 'orders with both ÷ orders with either',
  learned_at datetime(3) NULL COMMENT 'NULL: from the sample, until the shop has orders of its own that tell',
  PRIMARY KEY (sku_id, companion_id),
  KEY idx_learned_at (learned_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4`;
