import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '@app/common';
import { Idempotent, Roles } from '@app/identity';
import { PageDto, StartedRunDto, SyncRunsDto, toSyncRunDto, WarmUpDto } from '../dto/runs.dto.js';
import { Reconciler } from './reconciler.js';
import { SyncRunTable } from './sync-run.table.js';
import { WarmUp } from './warm-up.js';

@ApiTags('admin')
@Roles('admin')
@Controller('v1/admin')
export class RunsAdminController {
  constructor(
    private readonly reconciler: Reconciler,
    private readonly warmUp: WarmUp,
    private readonly runs: SyncRunTable,
  ) {}

  @Post('sync')
  @ApiOperation({
    summary: 'Compares every loaded cart with MySQL and mends both; one at a time: a second call names the first run',
  })
  @HttpCode(202)
  @Idempotent()
  @ApiAcceptedResponse({ type: StartedRunDto })
  @ApiProblems('CART_UNAVAILABLE')
  async sync(): Promise<StartedRunDto> {
    return { runId: await this.reconciler.startFull() };
  }

  @Get('sync/runs')
  @ApiOperation({ summary: 'What runs came to, newest first, those under way too.' })
  @ApiOkResponse({ type: SyncRunsDto })
  @ApiProblems('VALIDATION_FAILED', 'CART_UNAVAILABLE')
  async list(@Query() { cursor }: PageDto): Promise<SyncRunsDto> {
    const { runs, next } = await this.runs.page(cursor);
    return { runs: runs.map(toSyncRunDto), next };
  }

  @Post('warm-up')
  @ApiOperation({ summary: 'Loads the most recently active carts of MySQL into Redis; its progress is in the runs.' })
  @HttpCode(202)
  @Idempotent()
  @ApiAcceptedResponse({ type: StartedRunDto })
  @ApiProblems('CART_UNAVAILABLE')
  async start(@Body() { carts }: WarmUpDto): Promise<StartedRunDto> {
    return { runId: await this.warmUp.start(carts) };
  }
}
