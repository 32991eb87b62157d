import { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Whoever knows `cart` by its first nine columns alone may insert into it: a shop brings the carts it has over with one
 * INSERT … SELECT. What such a row does not say, `CartTable` reads from the catalogue.
 */
export class RowsOfOthers1764700000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE cart
      MODIFY version bigint DEFAULT 1 NOT NULL ${VERSION},
      MODIFY added_at datetime(3) DEFAULT CURRENT_TIMESTAMP(3) NOT NULL,
      MODIFY changed_at datetime(3) DEFAULT CURRENT_TIMESTAMP(3) NOT NULL,
      MODIFY position bigint DEFAULT 0 NOT NULL ${POSITION},
      MODIFY snapshot json NULL ${SNAPSHOT}`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`UPDATE cart SET snapshot = '{}' WHERE snapshot IS NULL`);
    await queryRunner.query(`ALTER TABLE cart
      MODIFY version bigint NOT NULL ${VERSION},
      MODIFY added_at datetime(3) NOT NULL,
      MODIFY changed_at datetime(3) NOT NULL,
      MODIFY position bigint NOT NULL ${POSITION},
      MODIFY snapshot json NOT NULL ${SNAPSHOT}`);
  }
}

const VERSION = `COMMENT 'version of the cart at the change of this item; only ever grows'`;
const POSITION = `COMMENT 'add version × 1000 + index in the call; higher was added later'`;
const SNAPSHOT = `COMMENT 'name, image, spec, shopId, skuCode as the shopper saw them'`;
