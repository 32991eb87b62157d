import { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What the operator's desk keeps: the runs of the sync and what administrators did; and the indexes it reads along.
 *
 * A user's part of the change log needs none: it is read backwards along `uk_owner_version_sku`, for a version is a time
 * in µs. What a shopper last did with a SKU does: along that key it would be a walk over all the shopper ever did.
 */
export class OperatorsDesk1764000000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(SYNC_RUN);
    await queryRunner.query(ADMIN_AUDIT);
    await queryRunner.query('ALTER TABLE dead_letter ADD KEY idx_replayed_at (replayed_at)');
    await queryRunner.query('ALTER TABLE cart_change_log ADD KEY idx_latest (sku_id, owner_kind, owner_id, version)');
    // The most recently active carts, without looking at a row.
    await queryRunner.query('ALTER TABLE cart ADD KEY idx_recent (is_deleted, changed_at, user_id)');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE cart DROP KEY idx_recent');
    await queryRunner.query('ALTER TABLE cart_change_log DROP KEY idx_latest');
    await queryRunner.query('ALTER TABLE dead_letter DROP KEY idx_replayed_at');
    await queryRunner.query('DROP TABLE admin_audit');
    await queryRunner.query('DROP TABLE sync_run');
  }
}

const SYNC_RUN = `
CREATE TABLE sync_run (
  run_id bigint AUTO_INCREMENT PRIMARY KEY,
  kind varchar(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'hourly, daily, manual, warm_up',
  slot varchar(16) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'held while it runs: one run at a time in each',
  due_at datetime(3) NULL COMMENT 'the moment of the schedule it was started for: one run for each',
  status varchar(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'running, succeeded, failed',
  reason varchar(255) NULL COMMENT 'why it failed',
  started_at datetime(3) NOT NULL,
  heartbeat_at datetime(3) NOT NULL COMMENT 'a running one that is silent has lost its process',
  ended_at datetime(3) NULL,
  carts bigint DEFAULT 0 NOT NULL,
  failures bigint DEFAULT 0 NOT NULL COMMENT 'carts that could not be done',
  written bigint DEFAULT 0 NOT NULL,
  soft_deleted bigint DEFAULT 0 NOT NULL,
  drift bigint DEFAULT 0 NOT NULL,
  UNIQUE KEY uk_slot (slot),
  UNIQUE KEY uk_kind_due (kind, due_at),
  KEY idx_kind_status (kind, status, started_at),
  KEY idx_started_at (started_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4`;

const ADMIN_AUDIT = `
CREATE TABLE admin_audit (
  id bigint AUTO_INCREMENT PRIMARY KEY,
  user_id bigint NULL COMMENT 'who asked; NULL: nobody who could prove it',
  at datetime(3) NOT NULL,
  method varchar(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  route varchar(128) NOT NULL COMMENT 'as the service names it, such as /v1/admin/carts/:userId/sync',
  target varchar(512) NOT NULL COMMENT 'the path as it was sent',
  body text NULL COMMENT 'a summary without secrets',
  status smallint NULL COMMENT 'of the answer; NULL: the client had gone before it',
  KEY idx_at (at),
  KEY idx_user_at (user_id, at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4`;
