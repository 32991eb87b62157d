import { Module } from '@nestjs/common';
import { ChangeLogTable } from './change-log.table.js';
import { DeadLetterTable } from './dead-letter.table.js';

@Module({ providers: [ChangeLogTable, DeadLetterTable], exports: [ChangeLogTable, DeadLetterTable] })
export class SyncTablesModule {}
