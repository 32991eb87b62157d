import { MigrationInterface, QueryRunner } from 'typeorm';

/** What lists of orders are read by: newest first, of one user, of one status, of a time. */
export class OrderLists1764840000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE orders
      ADD KEY idx_user_order (user_id, order_id),
      ADD KEY idx_status_order (status, order_id),
      ADD KEY idx_created (created_at)`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE orders
      DROP KEY idx_created, DROP KEY idx_status_order, DROP KEY idx_user_order`);
  }
}
