import { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A row of another program gets its times in UTC, whatever the zone of its session is: CURRENT_TIMESTAMP is the time of
 * the session, and the service reads every time as UTC. The columns that were there before the service stay as they are.
 */
export class TimesInUtc1764860000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE cart
      MODIFY added_at datetime(3) DEFAULT (UTC_TIMESTAMP(3)) NOT NULL,
      MODIFY changed_at datetime(3) DEFAULT (UTC_TIMESTAMP(3)) NOT NULL`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE cart
      MODIFY added_at datetime(3) DEFAULT CURRENT_TIMESTAMP(3) NOT NULL,
      MODIFY changed_at datetime(3) DEFAULT CURRENT_TIMESTAMP(3) NOT NULL`);
  }
}
