import { Global, Module } from '@nestjs/common';
import { Env } from '@app/common';
import { DataSource } from 'typeorm';
import { createDataSource } from '../../../ormconfig.js';
import { CartTable } from './cart.table.js';
import { Database } from './database.js';
import { ServerZone } from './server-zone.js';

@Global()
@Module({
  providers: [
    { provide: DataSource, inject: [Env], useFactory: (env: Env) => createDataSource(env.DATABASE_URL, env) },
    Database,
    CartTable,
    ServerZone,
  ],
  exports: [Database, CartTable],
})
export class DatabaseModule {}
