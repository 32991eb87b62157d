import { Body, Controller, Get, Put, Query } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems, HttpListPipe, invalid } from '@app/common';
import { Roles } from '@app/identity';
import { SkuTable } from '@app/inventory-check';
import { ListDto, PROMOTION_SCHEMA, PromotionPageDto, UpsertedTermsDto } from './dto/list.dto.js';
import { readPromotion, toPromotionDto } from './dto/promotion.mapper.js';
import type { Promotion } from './engine/promotion.js';
import { PricingService } from './pricing.service.js';
import { PromotionTable } from './promotion.table.js';

const MAX_UPSERT = 1_000;
const PAGE = 100;

@ApiTags('admin')
@Roles('admin')
@Controller('v1/admin/promotions')
export class PromotionsAdminController {
  constructor(
    private readonly table: PromotionTable,
    private readonly pricing: PricingService,
    private readonly skus: SkuTable,
  ) {}

  @Get()
  @ApiOperation({ summary: 'All promotions, whatever their state, 100 a page by promotionId.' })
  @ApiOkResponse({ type: PromotionPageDto })
  @ApiProblems('VALIDATION_FAILED', 'CART_UNAVAILABLE')
  async page(@Query() { cursor = '' }: ListDto): Promise<PromotionPageDto> {
    const found = await this.table.page(cursor, PAGE + 1);
    const promotions = found.slice(0, PAGE);
    return {
      promotions: promotions.map(toPromotionDto),
      next: found.length > PAGE ? promotions.at(-1)!.promotionId : null,
    };
  }

  @Put()
  @ApiOperation({
    summary: 'Inserts or replaces promotions.',
    description:
      'Carts show it at once on this instance, within a second on the others. An item takes the best of `percent_off`, ' +
      '`fixed_price` and `nth_item`, then joins at most one `full_reduction` and one `full_gift`: the first that is ' +
      'reached by priority, then by promotionId. Of an id that is named twice the last entry counts. The gift of a ' +
      '`full_gift` must be a SKU of the catalogue, unless the promotion is put with `status: "off"`.',
  })
  @ApiBody({ schema: { type: 'array', maxItems: MAX_UPSERT, items: PROMOTION_SCHEMA } })
  @ApiOkResponse({ type: UpsertedTermsDto })
  @ApiProblems('VALIDATION_FAILED', 'PAYLOAD_TOO_LARGE', 'CART_UNAVAILABLE')
  async upsert(@Body(new HttpListPipe(readPromotion, MAX_UPSERT)) promotions: Promotion[]): Promise<UpsertedTermsDto> {
    await this.assertGifts(promotions);
    const newest = new Map(promotions.map((promotion) => [promotion.promotionId, promotion]));
    await this.pricing.upsert([...newest.values()]);
    return { upserted: newest.size };
  }

  /** A gift must be a SKU of the catalogue. A promotion that is switched off may keep one that is not. */
  private async assertGifts(promotions: readonly Promotion[]): Promise<void> {
    const gifts = promotions.flatMap((one, index) =>
      one.kind === 'full_gift' && one.status === 'on' ? [{ skuId: one.gift.skuId, index }] : [],
    );
    if (gifts.length === 0) return;
    const skus = await this.skus.find([...new Set(gifts.map(({ skuId }) => skuId))]);
    const known = new Set(skus.filter(({ status }) => status !== 'gone').map(({ skuId }) => skuId));
    const unknown = gifts.filter(({ skuId }) => !known.has(skuId));
    if (unknown.length === 0) return;
    throw invalid(
      unknown.map(({ index }) => ({ field: `[${index}].gift.skuId`, message: 'is no SKU of the catalogue' })),
    );
  }
}
