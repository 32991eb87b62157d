import { Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { ApiProblems, ID_SCHEMA, ParseIdPipe } from '@app/common';
import { DatabaseUnavailableError } from '@app/database';
import { Idempotent, Roles } from '@app/identity';
import { ChangeLogTable } from '../change-log.table.js';
import { DeadLetterTable } from '../dead-letter.table.js';
import {
  AbandonmentDto,
  AbandonmentQueryDto,
  ChangeLogDto,
  ChangeLogQueryDto,
  DeadLetterDto,
  DeadLettersDto,
  LagDto,
  OutboxDto,
  toAbandonedSkuDto,
  toClosedPeriod,
  toDeadLetterDto,
  toLagDto,
  toLogCursor,
  toLogFilter,
  toLoggedChangeDto,
} from '../dto/desk.dto.js';
import { PageDto } from '../dto/runs.dto.js';
import { OutboxStore } from '../outbox.store.js';
import { SyncMetrics } from '../sync.metrics.js';
import { AbandonmentReport } from './abandonment.js';
import { DeadLetters } from './dead-letters.js';

@ApiTags('admin')
@Roles('admin')
@Controller('v1/admin')
export class DeskAdminController {
  constructor(
    private readonly outboxStore: OutboxStore,
    private readonly letters: DeadLetterTable,
    private readonly deadLetters: DeadLetters,
    private readonly log: ChangeLogTable,
    private readonly report: AbandonmentReport,
    private readonly metrics: SyncMetrics,
  ) {}

  @Get('outbox')
  @ApiOperation({ summary: 'Changes on their way to the broker, and those that could not be applied.' })
  @ApiOkResponse({ type: OutboxDto })
  @ApiProblems('CART_UNAVAILABLE')
  async outbox(): Promise<OutboxDto> {
    const [backlog, deadLetters] = await Promise.all([this.outboxStore.backlog(), this.waitingLetters()]);
    return { ...backlog, deadLetters };
  }

  @Get('lag')
  @ApiOperation({ summary: 'How long changes took from Redis to MySQL in the last minute, as this instance saw it.' })
  @ApiOkResponse({ type: LagDto })
  lag(): LagDto {
    return toLagDto(this.metrics.recentLag());
  }

  @Get('dead-letters')
  @ApiOperation({ summary: 'What could not be applied, with the reason, newest first.' })
  @ApiOkResponse({ type: DeadLettersDto })
  @ApiProblems('VALIDATION_FAILED', 'CART_UNAVAILABLE')
  async list(@Query() { cursor }: PageDto): Promise<DeadLettersDto> {
    const { letters, next } = await this.letters.page(cursor);
    return { deadLetters: letters.map(toDeadLetterDto), next };
  }

  @Post('dead-letters/:id/replay')
  @ApiOperation({
    summary: 'Applies a dead letter again. One that still cannot be applied waits on, with the new reason',
  })
  @HttpCode(200)
  @Idempotent()
  @ApiParam({ name: 'id', schema: ID_SCHEMA })
  @ApiOkResponse({ type: DeadLetterDto })
  @ApiProblems('VALIDATION_FAILED', 'NOT_FOUND', 'CART_UNAVAILABLE')
  async replay(@Param('id', ParseIdPipe) id: string): Promise<DeadLetterDto> {
    return toDeadLetterDto(await this.deadLetters.replay(id));
  }

  @Get('change-log')
  @ApiOperation({ summary: 'Every change of a cart, newest first; of one user, or of everybody.' })
  @ApiOkResponse({ type: ChangeLogDto })
  @ApiProblems('VALIDATION_FAILED', 'CART_UNAVAILABLE')
  async changeLog(@Query() query: ChangeLogQueryDto): Promise<ChangeLogDto> {
    const { lines, next } = await this.log.page(toLogFilter(query), toLogCursor(query.cursor));
    return { entries: lines.map(toLoggedChangeDto), next: next && next.join('-') };
  }

  @Get('analytics/abandonment')
  @ApiOperation({
    summary: 'Per SKU: shoppers who added it, who bought it, who hold it unpaid. The last 30 days at first',
  })
  @ApiOkResponse({ type: AbandonmentDto })
  @ApiProblems('VALIDATION_FAILED', 'CART_UNAVAILABLE')
  async abandonment(@Query() query: AbandonmentQueryDto): Promise<AbandonmentDto> {
    const { from, to } = toClosedPeriod(query);
    const { skus, next } = await this.report.page({ from, to, shopId: query.shopId }, query.cursor);
    return {
      from: new Date(from).toISOString(),
      to: new Date(to).toISOString(),
      skus: skus.map(toAbandonedSkuDto),
      next,
    };
  }

  /** The outbox is looked at most when MySQL is away. */
  private async waitingLetters(): Promise<number | null> {
    try {
      return await this.letters.count();
    } catch (error) {
      if (!(error instanceof DatabaseUnavailableError)) throw error;
      return null;
    }
  }
}
