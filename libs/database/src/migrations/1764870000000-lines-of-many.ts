import { MigrationInterface, QueryRunner } from 'typeorm';

/** A line of the change log may be of many SKUs: one selection of a whole cart is one line. */
export class LinesOfMany1764870000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `ALTER TABLE cart_change_log
       ADD COLUMN sku_ids json NULL COMMENT 'all SKUs of the line, sku_id the first; NULL: sku_id alone'`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE cart_change_log DROP COLUMN sku_ids');
  }
}
