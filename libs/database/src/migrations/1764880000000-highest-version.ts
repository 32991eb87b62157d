import { MigrationInterface, QueryRunner } from 'typeorm';

/** The highest version of any cart is read once in each epoch of Redis, at the end of this index. */
export class HighestVersion1764880000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE cart ADD KEY idx_version (version)');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE cart DROP KEY idx_version');
  }
}
