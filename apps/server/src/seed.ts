import 'reflect-metadata';
import { readEnv } from '@app/common';
import { Database } from '@app/database';
import { SkuTable, toSkuInput } from '@app/inventory-check';
import { CouponTable, PromotionTable } from '@app/pricing';
import { createDataSource } from '../../../ormconfig.js';
import { demoCoupons, demoPromotions } from './demo-promotions.js';
import { readSampleCatalogue } from './sample-catalogue.js';

/** Loads the sample, with promotions and coupons of its demo shop, into a catalogue that is empty, and leaves any other alone. */
const database = new Database(createDataSource(readEnv().DATABASE_URL));
const table = new SkuTable(database);
try {
  if (await table.isEmpty()) {
    const skus = readSampleCatalogue().map(toSkuInput);
    // The SKUs last: a seed that was interrupted begins again while there are none.
    await new PromotionTable(database).upsert(demoPromotions());
    await new CouponTable(database).upsert(demoCoupons());
    await table.upsert(skus);
    console.log(`loaded the sample catalogue: ${skus.length} SKUs`);
  } else {
    console.log('the catalogue is not empty: left as it is');
  }
} finally {
  await database.onApplicationShutdown();
}
