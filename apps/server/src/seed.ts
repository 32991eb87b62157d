import 'reflect-metadata';
import { readEnv } from '@app/common';
import { Database } from '@app/database';
import { SkuTable, toSkuInput } from '@app/inventory-check';
import { CouponTable, PromotionTable } from '@app/pricing';
import { CompanionTable, OrderBaskets } from '@app/recommendations';
import { createDataSource } from '../../../ormconfig.js';
import { demoCoupons, demoPromotions } from './demo-promotions.js';
import { giveUp } from './give-up.js';
import { readSampleCatalogue } from './sample-catalogue.js';
import { seedCompanions } from './seed-companions.js';

/**
 * Loads the sample, with promotions and coupons of its demo shop, into a catalogue that is empty, and leaves any other
 * alone; and what the sample bought together into a shop without orders. Answers what it did, for people.
 */
async function seed(databaseUrl: string): Promise<string> {
  const database = new Database(createDataSource(databaseUrl));
  const table = new SkuTable(database);
  try {
    let said = 'the catalogue is not empty: left as it is';
    if (await table.isEmpty()) {
      const skus = readSampleCatalogue().map(toSkuInput);
      // The SKUs last: a seed that was interrupted begins again while there are none.
      await new PromotionTable(database).upsert(demoPromotions());
      await new CouponTable(database).upsert(demoCoupons());
      await table.upsert(skus);
      said = `loaded the sample catalogue: ${skus.length} SKUs`;
    }
    await seedCompanions(table, new CompanionTable(database), new OrderBaskets(database));
    return said;
  } finally {
    await database.onApplicationShutdown();
  }
}

try {
  console.log(await seed(readEnv().DATABASE_URL));
} catch (error) {
  giveUp(error);
}
