import { ApiProperty } from '@nestjs/swagger';
import { IsInt, Max, Min } from 'class-validator';
import { SYNC_OCCASIONS } from '@app/cart';
import { ApiCount, ApiId, ApiTime, IsId } from '@app/common';
import { RUN_KINDS, RUN_STATES, RunStatus, SyncRun } from '../runs/sync-run.table.js';

const MOST_CARTS = 100_000;

/** The query of a list that goes on below an id. */
export class PageDto {
  @IsId({ optional: true, description: 'the `next` of the page before' })
  cursor?: string;
}

export class StartedRunDto {
  @ApiId({ example: '17', description: 'of the run that was started, or of the one that was under way already' })
  runId!: string;
}

export class WarmUpDto {
  @ApiProperty({ type: 'integer', minimum: 1, maximum: MOST_CARTS, example: 10_000 })
  @IsInt()
  @Min(1)
  @Max(MOST_CARTS)
  carts!: number;
}

/** A run over many carts. */
export class SyncRunDto {
  @ApiId({ example: '17' })
  runId!: string;

  @ApiProperty({
    enum: [...RUN_KINDS, ...SYNC_OCCASIONS],
    description:
      'hourly: carts active since the last run; daily, manual: every loaded cart; recovery: the same when Redis may have lost data; warm_up: carts loaded from MySQL; evict: idle carts taken out of Redis; overflow: carts changed while the outbox was full; recommendations: what is bought together, learned from orders; login, logout, checkout, forced: single carts, a line for those of an hour',
  })
  kind!: SyncRun['kind'];

  @ApiProperty({ enum: RUN_STATES })
  status!: RunStatus;

  @ApiProperty({ type: String, nullable: true, example: 'MySQL is not reachable', description: 'why it failed' })
  reason!: string | null;

  @ApiTime()
  startedAt!: string;

  @ApiCount({ example: 4210, description: 'so far, of one that runs' })
  durationMs!: number;

  @ApiCount({ example: 1200, description: 'carts compared, loaded, or evicted; orders learned from' })
  carts!: number;

  @ApiCount({ example: 0, description: 'carts that could not be done; the log names them' })
  failures!: number;

  @ApiCount({ example: 3, description: 'rows that were missing, different or older in MySQL; pairs of SKUs learned' })
  written!: number;

  @ApiCount({
    example: 1,
    description: 'removals MySQL had not heard of; pairs of SKUs that no order tells of any more',
  })
  softDeleted!: number;

  @ApiCount({ example: 0, description: 'differences that no change on its way explains; they are mended' })
  drift!: number;
}

export class SyncRunsDto {
  @ApiProperty({ type: [SyncRunDto], description: 'newest first, at most 50' })
  runs!: SyncRunDto[];

  @ApiId({ nullable: true, example: '17', description: 'the `cursor` of the next page; null: no more' })
  next!: string | null;
}

export function toSyncRunDto({ runId, kind, status, reason, startedAt, durationMs, ...run }: SyncRun): SyncRunDto {
  const { carts, failures, written, softDeleted, drift } = run;
  const counts = { carts, failures, written, softDeleted, drift };
  return { runId, kind, status, reason, startedAt: new Date(startedAt).toISOString(), durationMs, ...counts };
}
