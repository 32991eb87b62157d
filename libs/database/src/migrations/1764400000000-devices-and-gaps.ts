import { MigrationInterface, QueryRunner } from 'typeorm';

/** The change log names the device. */
export class DevicesAndGaps1764400000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `ALTER TABLE cart_change_log
       ADD COLUMN device varchar(64) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'NULL: the client did not say'`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE cart_change_log DROP COLUMN device');
  }
}
