import { MigrationInterface, QueryRunner } from 'typeorm';

/** What shoppers are told through others: SKUs whose holders are still to be told, and the events on their way out. */
export class ShopperEvents1764300000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of [SKU_SIGNAL, SHOPPER_EVENT, IDLE_SCAN]) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const table of ['idle_scan', 'shopper_event', 'sku_signal']) await queryRunner.query(`DROP TABLE ${table}`);
  }
}

const SKU_SIGNAL = `
CREATE TABLE sku_signal (
  sku_id bigint NOT NULL,
  kind varchar(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'price: it fell; stock: the SKU can be bought again',
  sku_version bigint NOT NULL COMMENT 'of the SKU at its latest such change',
  after_id bigint DEFAULT 0 NOT NULL COMMENT 'the cart rows up to this id have been looked at since',
  changed_at datetime(3) NOT NULL COMMENT 'when that was',
  created_at datetime(3) NOT NULL COMMENT 'its first such change that is not told to all yet',
  PRIMARY KEY (sku_id, kind),
  KEY idx_created_at (created_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4`;

const SHOPPER_EVENT = `
CREATE TABLE shopper_event (
  id bigint AUTO_INCREMENT PRIMARY KEY,
  sku_id bigint DEFAULT 0 NOT NULL COMMENT '0: of the whole cart',
  type varchar(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  user_id bigint NOT NULL,
  occasion varchar(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'the price, the version or the order it is about',
  body mediumtext NOT NULL COMMENT 'the event as it is sent, JSON',
  created_at datetime(3) NOT NULL,
  sent_at datetime(3) NULL COMMENT 'when the broker had taken it',
  UNIQUE KEY uk_occasion (sku_id, type, user_id, occasion),
  KEY idx_sent_at (sent_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4`;

const IDLE_SCAN = `
CREATE TABLE idle_scan (
  name varchar(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  up_to datetime(3) NOT NULL COMMENT 'carts whose last change is older have been looked at'
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4`;
