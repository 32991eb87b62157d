import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems, AppError, pageSize, ParseIdPipe } from '@app/common';
import { Public } from '@app/identity';
import { Catalogue } from './catalogue.js';
import { ListSkusDto, SkuPageDto, SkuWithVariantsDto, toShopperSkuDto, toSkuFilter } from './dto/shopper-sku.dto.js';
import { InventoryCheck } from './inventory-check.js';
import { SkuList } from './sku.list.js';

@ApiTags('catalogue')
@Public()
@Controller('v1/skus')
export class CatalogueController {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly list: SkuList,
    private readonly inventory: InventoryCheck,
  ) {}

  @Get()
  @ApiOperation({ summary: 'The SKUs on the shelf. No login.' })
  @ApiOkResponse({ type: SkuPageDto })
  @ApiProblems('VALIDATION_FAILED', 'CART_UNAVAILABLE')
  async page(@Query() query: ListSkusDto): Promise<SkuPageDto> {
    const { skus, next } = await this.list.page(toSkuFilter(query), query.cursor, pageSize(query.limit));
    return { skus: skus.map((sku) => toShopperSkuDto(sku, this.inventory)), next };
  }

  @Get(':skuId')
  @ApiOperation({ summary: 'One SKU with its variants. One that is off the shelf is not found. No login.' })
  @ApiOkResponse({ type: SkuWithVariantsDto })
  @ApiProblems('VALIDATION_FAILED', 'SKU_NOT_FOUND', 'CART_UNAVAILABLE')
  async show(@Param('skuId', ParseIdPipe) skuId: string): Promise<SkuWithVariantsDto> {
    const sku = await this.catalogue.get(skuId);
    if (sku?.status !== 'on') throw new AppError('SKU_NOT_FOUND', [{ code: 'SKU_NOT_FOUND', skuId }]);
    const variants = await this.list.variantsOf(sku);
    const [own, ...others] = [sku, ...variants].map((one) => toShopperSkuDto(one, this.inventory));
    return { ...own!, variants: others };
  }
}
