import { Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { CartModule } from '@app/cart';
import { AdminAudit } from './audit/admin-audit.js';
import { AdminAuditTable } from './audit/admin-audit.table.js';
import { AbandonmentReport } from './desk/abandonment.js';
import { AbandonmentTable } from './desk/abandonment.table.js';
import { DeadLetters } from './desk/dead-letters.js';
import { DeadLettersMetrics } from './desk/dead-letters.metrics.js';
import { DeskAdminController } from './desk/desk.admin.controller.js';
import { RebuildAdminController } from './rebuild.admin.controller.js';
import { RebuildService } from './rebuild.service.js';
import { GapTable } from './overflow/gap.table.js';
import { OverflowMetrics } from './overflow/overflow.metrics.js';
import { OverflowRepair } from './overflow/overflow.repair.js';
import { CartPages } from './runs/cart-pages.js';
import { ChangeLogRetention } from './runs/change-log.retention.js';
import { Evictor } from './runs/evictor.js';
import { Clock } from './runs/clock.js';
import { OccasionRecorder } from './runs/occasion-recorder.js';
import { Recovery } from './runs/recovery.js';
import { Reconciler } from './runs/reconciler.js';
import { RunsAdminController } from './runs/runs.admin.controller.js';
import { SyncRunTable } from './runs/sync-run.table.js';
import { SyncRuns } from './runs/sync-runs.js';
import { SyncRunsMetrics } from './runs/sync-runs.metrics.js';
import { SyncSchedule } from './runs/sync.schedule.js';
import { WarmUp } from './runs/warm-up.js';
import { SyncModule } from './sync.module.js';
import { SyncTablesModule } from './sync-tables.module.js';

const RUNS = [
  CartPages,
  ChangeLogRetention,
  Evictor,
  GapTable,
  OccasionRecorder,
  OverflowMetrics,
  OverflowRepair,
  Clock,
  Reconciler,
  Recovery,
  SyncRuns,
  SyncRunsMetrics,
  SyncRunTable,
  SyncSchedule,
  WarmUp,
];

/** The operator's desk: what is looked at, started and recorded by hand or by the clock. */
@Module({
  imports: [CartModule, SyncModule, SyncTablesModule, ScheduleModule.forRoot()],
  controllers: [DeskAdminController, RebuildAdminController, RunsAdminController],
  providers: [
    AbandonmentReport,
    AbandonmentTable,
    AdminAudit,
    AdminAuditTable,
    DeadLetters,
    DeadLettersMetrics,
    RebuildService,
    ...RUNS,
  ],
  exports: [Clock, SyncRuns],
})
export class DeskModule {}
