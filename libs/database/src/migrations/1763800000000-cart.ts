import { MigrationInterface, QueryRunner } from 'typeorm';

/** The `cart` table, the catalogue it refers to, the log of its changes and the messages nobody could apply. */
export class Cart1763800000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of [CART, PRODUCT_SKU, CART_CHANGE_LOG, DEAD_LETTER]) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const table of ['dead_letter', 'cart_change_log', 'product_sku', 'cart']) {
      await queryRunner.query(`DROP TABLE ${table}`);
    }
  }
}

const CART = `
CREATE TABLE cart (
  id bigint AUTO_INCREMENT COMMENT '主键ID' PRIMARY KEY,
  user_id bigint DEFAULT 0 NOT NULL COMMENT '用户ID',
  product_sku_id bigint DEFAULT 0 NOT NULL COMMENT '商品SKU ID',
  product_sku_num int DEFAULT 0 NOT NULL COMMENT '商品SKU数量',
  add_amount decimal(10, 2) DEFAULT 0.00 NOT NULL COMMENT '加购价格',
  selected_status tinyint DEFAULT 1 NOT NULL COMMENT '选中状态 0:未选中 1:已选中',
  is_deleted tinyint DEFAULT 0 NOT NULL COMMENT '是否删除 0:未删除 1:已删除',
  create_time datetime DEFAULT CURRENT_TIMESTAMP NOT NULL COMMENT '创建时间',
  update_time datetime DEFAULT CURRENT_TIMESTAMP NOT NULL ON UPDATE CURRENT_TIMESTAMP COMMENT '修改时间',
  version bigint NOT NULL COMMENT 'version of the cart at the change of this item; only ever grows',
  added_at datetime(3) NOT NULL,
  changed_at datetime(3) NOT NULL,
  position bigint NOT NULL COMMENT 'add version × 1000 + index in the call; higher was added later',
  snapshot json NOT NULL COMMENT 'name, image, spec, shopId, skuCode as the shopper saw them',
  UNIQUE KEY uk_user_sku (user_id, product_sku_id),
  KEY idx_product_sku_id (product_sku_id),
  KEY idx_user_id (user_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COMMENT '购物车表'`;

const PRODUCT_SKU = `
CREATE TABLE product_sku (
  sku_id bigint NOT NULL PRIMARY KEY,
  sku_code varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  spu_id bigint NULL,
  shop_id bigint NOT NULL,
  shop_name varchar(255) NOT NULL,
  name varchar(255) NOT NULL,
  image varchar(2048) NOT NULL,
  spec varchar(255) NOT NULL,
  price decimal(10, 2) NOT NULL,
  stock int NOT NULL,
  low_stock_threshold int NULL COMMENT 'NULL: the default of the service',
  purchase_limit int NULL COMMENT 'NULL: the limit of the service alone',
  status varchar(8) NOT NULL COMMENT 'on, off, gone',
  version bigint NOT NULL COMMENT 'grows by one with each change; orders the copies in Redis',
  create_time datetime DEFAULT CURRENT_TIMESTAMP NOT NULL,
  update_time datetime DEFAULT CURRENT_TIMESTAMP NOT NULL ON UPDATE CURRENT_TIMESTAMP,
  KEY idx_shop (shop_id, sku_id),
  KEY idx_spu (spu_id),
  KEY idx_update_time (update_time)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4`;

const CART_CHANGE_LOG = `
CREATE TABLE cart_change_log (
  id bigint AUTO_INCREMENT PRIMARY KEY,
  owner_kind varchar(5) NOT NULL COMMENT 'user, guest',
  owner_id varchar(64) NOT NULL COMMENT 'user id; SHA-256 of a guest id',
  sku_id bigint NOT NULL,
  version bigint NOT NULL,
  action varchar(16) NOT NULL,
  source varchar(16) NOT NULL,
  quantity_before int NOT NULL,
  quantity_after int NOT NULL,
  selected tinyint NOT NULL,
  price decimal(10, 2) NOT NULL COMMENT 'price when it was added',
  changed_at datetime(3) NOT NULL,
  UNIQUE KEY uk_owner_version_sku (owner_kind, owner_id, version, sku_id),
  KEY idx_sku (sku_id, changed_at),
  KEY idx_changed_at (changed_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4`;

const DEAD_LETTER = `
CREATE TABLE dead_letter (
  id bigint AUTO_INCREMENT PRIMARY KEY,
  fingerprint char(64) NOT NULL COMMENT 'SHA-256 of the body: a redelivered one is one row',
  message_id varchar(128) NOT NULL,
  reason varchar(512) NOT NULL,
  body mediumblob NOT NULL,
  created_at datetime(3) NOT NULL,
  replayed_at datetime(3) NULL,
  UNIQUE KEY uk_fingerprint (fingerprint)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4`;
