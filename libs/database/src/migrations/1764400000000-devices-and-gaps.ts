import { MigrationInterface, QueryRunner } from 'typeorm';

/** The change log names the device; and how many lines it lacks, because the outbox was full. */
export class DevicesAndGaps1764400000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `ALTER TABLE cart_change_log
       ADD COLUMN device varchar(64) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'NULL: the client did not say'`,
    );
    await queryRunner.query(CHANGE_LOG_GAP);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE change_log_gap');
    await queryRunner.query('ALTER TABLE cart_change_log DROP COLUMN device');
  }
}

const CHANGE_LOG_GAP = `
CREATE TABLE change_log_gap (
  since_version bigint NOT NULL PRIMARY KEY COMMENT 'of the first change without a line; one count for each life of Redis',
  missing_lines bigint NOT NULL,
  updated_at datetime(3) NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4`;
