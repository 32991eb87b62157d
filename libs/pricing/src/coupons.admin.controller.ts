import { Body, Controller, Get, HttpCode, Param, Post, Put, Query, Req } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { ApiProblems, HttpListPipe, ParseTokenPipe } from '@app/common';
import { Idempotent, idempotentRequestOf, Roles } from '@app/identity';
import { ActiveCoupons } from './active-coupons.js';
import { couponNotFound } from './coupon-choice.js';
import { CouponTable } from './coupon.table.js';
import { GrantDto, GrantedDto } from './dto/coupon.dto.js';
import { readCoupon, toCouponDto } from './dto/coupon.mapper.js';
import { COUPON_SCHEMA, CouponPageDto, ListDto, UpsertedTermsDto } from './dto/list.dto.js';
import type { Coupon } from './engine/coupon.js';
import { UserCouponTable } from './user-coupon.table.js';

const MAX_UPSERT = 1_000;
const PAGE = 100;

@ApiTags('admin')
@Roles('admin')
@Controller('v1/admin/coupons')
export class CouponsAdminController {
  constructor(
    private readonly coupons: CouponTable,
    private readonly active: ActiveCoupons,
    private readonly owned: UserCouponTable,
  ) {}

  @Get()
  @ApiOperation({ summary: 'All coupons, whatever their state, 100 a page by couponId.' })
  @ApiOkResponse({ type: CouponPageDto })
  @ApiProblems('VALIDATION_FAILED', 'CART_UNAVAILABLE')
  async page(@Query() { cursor = '' }: ListDto): Promise<CouponPageDto> {
    const found = await this.coupons.page(cursor, PAGE + 1);
    const coupons = found.slice(0, PAGE);
    return { coupons: coupons.map(toCouponDto), next: found.length > PAGE ? coupons.at(-1)!.couponId : null };
  }

  @Put()
  @ApiOperation({
    summary: 'Inserts or replaces coupons.',
    description:
      'Who has one keeps it, under the new terms. A percentage may be capped. Of an id that is named twice the last ' +
      'entry counts.',
  })
  @ApiBody({ schema: { type: 'array', maxItems: MAX_UPSERT, items: COUPON_SCHEMA } })
  @ApiOkResponse({ type: UpsertedTermsDto })
  @ApiProblems('VALIDATION_FAILED', 'PAYLOAD_TOO_LARGE', 'CART_UNAVAILABLE')
  async upsert(@Body(new HttpListPipe(readCoupon, MAX_UPSERT)) coupons: Coupon[]): Promise<UpsertedTermsDto> {
    const newest = new Map(coupons.map((coupon) => [coupon.couponId, coupon]));
    await this.active.upsert([...newest.values()]);
    return { upserted: newest.size };
  }

  /** The interceptor answers repeats; the record in MySQL sees to it that a crash before its answer grants nothing twice. */
  @Post(':couponId/grant')
  @ApiOperation({ summary: 'Gives a user some of a coupon, also of one that cannot be claimed.' })
  @HttpCode(200)
  @Idempotent()
  @ApiOkResponse({ type: GrantedDto })
  @ApiProblems('VALIDATION_FAILED', 'COUPON_NOT_FOUND', 'CART_UNAVAILABLE')
  async grant(
    @Param('couponId', ParseTokenPipe) couponId: string,
    @Body() { userId, count }: GrantDto,
    @Req() request: FastifyRequest,
  ): Promise<GrantedDto> {
    const granted = await this.owned.grant(userId, couponId, count ?? 1, idempotentRequestOf(request));
    if (granted === undefined) throw couponNotFound([couponId]);
    return { couponId, userId, granted };
  }
}
