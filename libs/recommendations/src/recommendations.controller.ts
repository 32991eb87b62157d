import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '@app/common';
import { Caller, CurrentCaller, Shopper } from '@app/identity';
import { InventoryCheck } from '@app/inventory-check';
import { RecommendationsDto, RecommendationsQueryDto, toRecommendationsDto } from './dto/recommendations.dto.js';
import { RecommendationsService } from './recommendations.service.js';

@ApiTags('cart')
@Shopper()
@Controller('v1/cart/recommendations')
export class RecommendationsController {
  constructor(
    private readonly recommendations: RecommendationsService,
    private readonly inventory: InventoryCheck,
  ) {}

  @Get()
  @ApiOperation({
    summary: 'What is often bought with the cart; with a promotion, what closes its gap. Only what can be bought now',
  })
  @ApiOkResponse({ type: RecommendationsDto })
  @ApiProblems('VALIDATION_FAILED', 'CART_BUSY', 'CART_UNAVAILABLE')
  async get(
    @CurrentCaller() caller: Caller,
    @Query() { promotionId }: RecommendationsQueryDto,
  ): Promise<RecommendationsDto> {
    return toRecommendationsDto(await this.recommendations.recommend(caller, promotionId), this.inventory);
  }
}
