import 'reflect-metadata';
import { readEnv } from '@app/common';
import { Database } from '@app/database';
import { SkuTable, toSkuInput } from '@app/inventory-check';
import { createDataSource } from '../../../ormconfig.js';
import { readSampleCatalogue } from './sample-catalogue.js';

/** Loads the sample catalogue into a catalogue that is empty, and leaves any other alone. */
const BATCH = 1_000;

const database = new Database(createDataSource(readEnv().DATABASE_URL));
const table = new SkuTable(database);
try {
  if (await table.isEmpty()) {
    const skus = readSampleCatalogue().map(toSkuInput);
    for (let i = 0; i < skus.length; i += BATCH) await table.upsert(skus.slice(i, i + BATCH));
    console.log(`loaded the sample catalogue: ${skus.length} SKUs`);
  } else {
    console.log('the catalogue is not empty: left as it is');
  }
} finally {
  await database.onApplicationShutdown();
}
