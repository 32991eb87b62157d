import { MigrationInterface, QueryRunner } from 'typeorm';

/** Promotions, coupons and who has them; checkouts, orders and what they hold. */
export class PromotionsAndOrders1764100000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of [PROMOTION, COUPON, USER_COUPON, COUPON_GRANT, CHECKOUT, ORDERS, ORDER_ITEM]) {
      await queryRunner.query(statement);
    }
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const table of ['order_item', 'orders', 'checkout', 'coupon_grant', 'user_coupon', 'coupon', 'promotion']) {
      await queryRunner.query(`DROP TABLE ${table}`);
    }
  }
}

const PROMOTION = `
CREATE TABLE promotion (
  promotion_id varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  label varchar(255) NOT NULL,
  kind varchar(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  terms json NOT NULL COMMENT 'scope, and what its kind asks for; money in cents',
  starts_at datetime(3) NULL,
  ends_at datetime(3) NULL,
  priority int DEFAULT 0 NOT NULL COMMENT 'higher goes first',
  status varchar(8) NOT NULL COMMENT 'on, off',
  update_time datetime(3) NOT NULL,
  KEY idx_status (status, ends_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4`;

const COUPON = `
CREATE TABLE coupon (
  coupon_id varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  label varchar(255) NOT NULL,
  kind varchar(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  terms json NOT NULL COMMENT 'scope, threshold, and what its kind asks for; money in cents',
  starts_at datetime(3) NULL,
  ends_at datetime(3) NULL,
  status varchar(8) NOT NULL COMMENT 'on, off',
  update_time datetime(3) NOT NULL,
  KEY idx_status (status, ends_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4`;

const USER_COUPON = `
CREATE TABLE user_coupon (
  user_id bigint NOT NULL,
  coupon_id varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  granted int NOT NULL COMMENT 'how many the user was given or has claimed',
  used int DEFAULT 0 NOT NULL,
  claimed tinyint DEFAULT 0 NOT NULL COMMENT 'a user claims a coupon once',
  create_time datetime(3) NOT NULL,
  PRIMARY KEY (user_id, coupon_id),
  KEY idx_coupon (coupon_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4`;

const COUPON_GRANT = `
CREATE TABLE coupon_grant (
  request_key varchar(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY COMMENT 'a grant with an Idempotency-Key is made once',
  body_hash char(43) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  granted int NOT NULL COMMENT 'what a repeat is answered',
  create_time datetime(3) NOT NULL,
  KEY idx_create_time (create_time)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4`;

const CHECKOUT = `
CREATE TABLE checkout (
  user_id bigint NOT NULL,
  idempotency_key varchar(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  body_hash char(43) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  token char(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'of the attempt that may finish it',
  state varchar(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'running; placing: the order waits for an answer; done',
  order_id bigint NULL,
  refusal json NULL COMMENT 'what a repeat is answered when there is no order',
  snapshot json NULL COMMENT 'the cart as it was written to its table before the order',
  claimed_at datetime(3) NOT NULL,
  PRIMARY KEY (user_id, idempotency_key),
  KEY idx_claimed_at (claimed_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4`;

const ORDERS = `
CREATE TABLE orders (
  order_id bigint AUTO_INCREMENT PRIMARY KEY,
  user_id bigint NOT NULL,
  status varchar(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'placing, pending, paid, cancelled, expired, failed',
  currency char(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  goods decimal(14, 2) NOT NULL,
  promotion_discount decimal(14, 2) NOT NULL,
  coupon_discount decimal(14, 2) NOT NULL,
  payable decimal(14, 2) NOT NULL,
  coupon_ids json NOT NULL,
  gifts json NOT NULL,
  created_at datetime(3) NOT NULL,
  expires_at datetime(3) NOT NULL,
  closed_at datetime(3) NULL COMMENT 'paid, cancelled, expired or failed',
  cart_state varchar(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'none; take: ordered amounts are to leave the cart; taken; return: they are to come back; settled',
  attempt_at datetime(3) NOT NULL COMMENT 'when something that is still to be done is tried next',
  restored json NULL COMMENT 'what came back into the cart',
  to_be_told tinyint DEFAULT 0 NOT NULL COMMENT 'the order service has still to hear that it is closed',
  KEY idx_user (user_id, cart_state),
  KEY idx_due (cart_state, attempt_at),
  KEY idx_status (status, attempt_at),
  KEY idx_expiry (status, expires_at),
  KEY idx_told (to_be_told, attempt_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4`;

const ORDER_ITEM = `
CREATE TABLE order_item (
  order_id bigint NOT NULL,
  sku_id bigint NOT NULL,
  user_id bigint NOT NULL,
  quantity int NOT NULL,
  price decimal(10, 2) NOT NULL COMMENT 'of one unit, at checkout',
  goods decimal(14, 2) NOT NULL,
  promotion_discount decimal(14, 2) NOT NULL,
  coupon_discount decimal(14, 2) NOT NULL,
  payable decimal(14, 2) NOT NULL,
  snapshot json NOT NULL,
  item json NOT NULL COMMENT 'the cart item that was ordered; its position tells it from one added again',
  item_version bigint NULL COMMENT 'an item of a cart is sold once; NULL when the order came to nothing',
  PRIMARY KEY (order_id, sku_id),
  UNIQUE KEY uk_user_sku_version (user_id, sku_id, item_version),
  KEY idx_sku (sku_id, order_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4`;
