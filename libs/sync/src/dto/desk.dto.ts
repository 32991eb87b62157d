import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Matches } from 'class-validator';
import { ApiCount, ApiId, ApiMoney, ApiTime, ApiVersion, FIRST_MS, IsId, MayBeAbsent } from '@app/common';
import { PeriodDto, toPeriod } from '@app/common';
import { LogCursor, LogFilter, LoggedChange } from '../change-log.table.js';
import { KeptLetter } from '../dead-letter.table.js';
import { Abandonment } from '../desk/abandonment.table.js';
import { LAG_WINDOW_MS, LagSummary } from '../lag.window.js';

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 30;
/** A change is in MySQL this soon, in 99 of 100 cases. */
const LAG_GOAL_MS = 2_000;
const CURSOR = /^([1-9]\d{0,18})-([1-9]\d{0,18})$/;

export class OutboxDto {
  @ApiCount({ example: 3, description: 'changes the broker has not taken yet' })
  depth!: number;

  @ApiCount({ example: 42, description: 'of the oldest of them, ms; 0 when there is none' })
  oldestAgeMs!: number;

  @ApiCount({ nullable: true, example: 0, description: 'dead letters that wait; null while MySQL is away' })
  deadLetters!: number | null;
}

/** How late changes reach MySQL. */
export class LagDto {
  @ApiCount({ example: LAG_WINDOW_MS, description: 'the figures are of so many ms, up to now' })
  windowMs!: number;

  @ApiCount({ example: LAG_GOAL_MS, description: 'what `p99Ms` should stay below' })
  goalMs!: number;

  @ApiCount({ example: 12_000, description: 'changes this instance has brought to MySQL in that time' })
  changes!: number;

  @ApiCount({ nullable: true, example: 45, description: 'half of them took at most so long; null: there was none' })
  p50Ms!: number | null;

  @ApiCount({ nullable: true, example: 90 })
  p95Ms!: number | null;

  @ApiCount({ nullable: true, example: 140 })
  p99Ms!: number | null;

  @ApiCount({ nullable: true, example: 180, description: 'the slowest of them' })
  mostMs!: number | null;
}

export function toLagDto(summary: LagSummary): LagDto {
  return { windowMs: LAG_WINDOW_MS, goalMs: LAG_GOAL_MS, ...summary };
}

export class DeadLetterDto {
  @ApiId({ example: '5' })
  id!: string;

  @ApiProperty({ description: 'of the message or the entry of the outbox it came in' })
  messageId!: string;

  @ApiProperty({ description: 'why it cannot be applied; of a replayed one, why it could not' })
  reason!: string;

  @ApiProperty({ description: 'the first 4,000 bytes of it' })
  body!: string;

  @ApiCount({ example: 512 })
  bodyBytes!: number;

  @ApiTime()
  createdAt!: string;

  @ApiTime({ nullable: true, description: 'when it was applied after all; null: it waits' })
  replayedAt!: string | null;
}

export class DeadLettersDto {
  @ApiProperty({ type: [DeadLetterDto], description: 'newest first, at most 50' })
  deadLetters!: DeadLetterDto[];

  @ApiId({ nullable: true, example: '5', description: 'the `cursor` of the next page; null: no more' })
  next!: string | null;
}

export function toDeadLetterDto({
  id,
  messageId,
  reason,
  excerpt,
  bytes,
  createdAt,
  replayedAt,
}: KeptLetter): DeadLetterDto {
  return {
    id,
    messageId,
    reason,
    body: excerpt,
    bodyBytes: bytes,
    createdAt: new Date(createdAt).toISOString(),
    replayedAt: replayedAt === null ? null : new Date(replayedAt).toISOString(),
  };
}

/** The query of `GET /v1/admin/change-log`. */
export class ChangeLogQueryDto extends PeriodDto {
  @IsId({ optional: true, description: 'changes of this user alone' })
  userId?: string;

  @ApiPropertyOptional({ pattern: CURSOR.source, description: 'the `next` of the page before, with the same filters' })
  @MayBeAbsent()
  @Matches(CURSOR, { message: '$property must be the `next` of the page before' })
  cursor?: string;
}

export function toLogFilter({ userId, ...period }: ChangeLogQueryDto): LogFilter {
  return { userId, ...toPeriod(period) };
}

export function toLogCursor(cursor: string | undefined): LogCursor | undefined {
  const [, major, minor] = CURSOR.exec(cursor ?? '') ?? [];
  return major !== undefined && minor !== undefined ? [major, minor] : undefined;
}

export class LogOwnerDto {
  @ApiProperty({ enum: ['user', 'guest'] })
  kind!: 'user' | 'guest';

  @ApiProperty({ example: '42', description: 'the user id, or the SHA-256 of a guest’s' })
  id!: string;
}

export class LoggedChangeDto {
  @ApiId({ example: '1234' })
  id!: string;

  @ApiProperty()
  owner!: LogOwnerDto;

  @ApiId({ description: 'the first of `skuIds`; `before`, `after` and `price` are of this one' })
  skuId!: string;

  @ApiId({ isArray: true, description: 'several when one action changed no quantity, such as a selection of all' })
  skuIds!: string[];

  @ApiProperty({ example: 'add' })
  action!: string;

  @ApiProperty({ example: 'user', description: 'user, guest, merge, order, admin, sync' })
  source!: string;

  @ApiCount({ example: 0, description: 'quantity before the change' })
  before!: number;

  @ApiCount({ example: 2, description: 'quantity after it' })
  after!: number;

  @ApiProperty()
  selected!: boolean;

  @ApiMoney({ example: '2.55', description: 'when it was added' })
  price!: string;

  @ApiVersion()
  version!: string;

  @ApiTime()
  at!: string;

  @ApiProperty({ type: String, nullable: true, example: 'web', description: 'X-Device; null: the client did not say' })
  device!: string | null;
}

export class ChangeLogDto {
  @ApiProperty({ type: [LoggedChangeDto], description: 'newest first, at most 100' })
  entries!: LoggedChangeDto[];

  @ApiProperty({
    type: String,
    nullable: true,
    pattern: CURSOR.source,
    example: '1763790000000001-100001',
    description: 'the `cursor` of the next page; null: no more',
  })
  next!: string | null;
}

export function toLoggedChangeDto({ at, ...line }: LoggedChange): LoggedChangeDto {
  return { ...line, at: new Date(at).toISOString() };
}

/** The query of `GET /v1/admin/analytics/abandonment`. */
export class AbandonmentQueryDto extends PeriodDto {
  @IsId({ optional: true, description: 'SKUs of this shop' })
  shopId?: string;

  @IsId({ optional: true, description: 'the `next` of the page before' })
  cursor?: string;
}

export class AbandonedSkuDto {
  @ApiId()
  skuId!: string;

  @ApiProperty({ example: '85123A' })
  skuCode!: string;

  @ApiProperty()
  name!: string;

  @ApiId({ example: '7' })
  shopId!: string;

  @ApiCount({ example: 120, description: 'shoppers who put it into their cart in that time, users and guests' })
  added!: number;

  @ApiCount({ example: 20, description: 'guests among them; one who has logged in since is a user' })
  guests!: number;

  @ApiCount({ example: 70, description: 'of those who added: who has paid for it; once is enough' })
  bought!: number;

  @ApiCount({
    example: 40,
    description: 'of those who added: who has it in the cart or in an unpaid order now. A guest’s expired cart counts',
  })
  unpaid!: number;
}

export class AbandonmentDto {
  @ApiTime()
  from!: string;

  @ApiTime()
  to!: string;

  @ApiProperty({ type: [AbandonedSkuDto], description: 'SKUs that somebody added, in the order of ids' })
  skus!: AbandonedSkuDto[];

  @ApiId({ nullable: true, description: 'the `cursor` of the next page; null: no more' })
  next!: string | null;
}

export function toAbandonedSkuDto(sku: Abandonment): AbandonedSkuDto {
  return sku;
}

/** The last 30 days, where nothing else is said. */
export function toClosedPeriod(query: PeriodDto): { from: number; to: number } {
  const { from, to = Date.now() } = toPeriod(query);
  return { from: from ?? Math.max(to - DEFAULT_DAYS * DAY_MS, FIRST_MS), to };
}
