import { Module } from '@nestjs/common';
import { AdminAudit } from './audit/admin-audit.js';
import { AdminAuditTable } from './audit/admin-audit.table.js';

/** The operator's desk: what is looked at, started and recorded by hand or by the clock. */
@Module({ providers: [AdminAudit, AdminAuditTable] })
export class DeskModule {}
