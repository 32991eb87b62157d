import { MigrationInterface, QueryRunner } from 'typeorm';

/** What a whole cart comes to: 120 SKUs, 99 of each, at the highest price a SKU may have are more than 14 digits. */
export class OrderAmounts1764600000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE orders ${WIDE}`);
    await queryRunner.query(`ALTER TABLE order_item ${WIDE}`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE orders ${NARROW}`);
    await queryRunner.query(`ALTER TABLE order_item ${NARROW}`);
  }
}

const WIDE = `
  MODIFY goods decimal(16, 2) NOT NULL,
  MODIFY promotion_discount decimal(16, 2) NOT NULL,
  MODIFY coupon_discount decimal(16, 2) NOT NULL,
  MODIFY payable decimal(16, 2) NOT NULL`;

const NARROW = `
  MODIFY goods decimal(14, 2) NOT NULL,
  MODIFY promotion_discount decimal(14, 2) NOT NULL,
  MODIFY coupon_discount decimal(14, 2) NOT NULL,
  MODIFY payable decimal(14, 2) NOT NULL`;
