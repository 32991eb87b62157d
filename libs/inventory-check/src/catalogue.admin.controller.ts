import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Param,
  Patch,
  Put,
  Query,
  Req,
  UseInterceptors,
} from '@nestjs/common';
import {
  ApiBody,
  ApiExtraModels,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import {
  ApiBodyRule,
  ApiProblems,
  AppError,
  BodyLimit,
  entriesOf,
  HttpListPipe,
  IfMatch,
  pageSize,
  ParseIdPipe,
  VersionTagInterceptor,
} from '@app/common';
import { Idempotent, idempotentRequestOf, Roles } from '@app/identity';
import type { FastifyRequest } from 'fastify';
import { Catalogue } from './catalogue.js';
import {
  AdminSkuDto,
  AdminSkuPageDto,
  ListShopSkusDto,
  PATCH_RULE,
  PatchSkuDto,
  toAdminSkuDto,
  toShopSkuFilter,
  toSkuInput,
  toSkuPatch,
  UpsertedDto,
  UpsertSkuDto,
} from './dto/sku.dto.js';
import { ShopSkuList } from './shop-sku.list.js';
import { ShopSku } from './sku.js';

const MAX_UPSERT = 1_000;
const MAX_UPSERT_BYTES = 2 * 1024 * 1024;
const ETAG = {
  ETag: {
    description: 'The version of the SKU, for `If-Match`.',
    schema: { type: 'string' as const, pattern: String.raw`^"\d{1,19}"$` },
  },
};

@ApiTags('admin')
@Roles('admin')
// Outside the answers that are kept for repeats, which have a tag too.
@UseInterceptors(VersionTagInterceptor)
@Controller('v1/admin/skus')
export class CatalogueAdminController {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly list: ShopSkuList,
  ) {}

  @Get()
  @ApiOperation({
    summary: 'The catalogue as its operators see it, what is off the shelf too; the latest added first.',
  })
  @ApiOkResponse({ type: AdminSkuPageDto })
  @ApiProblems('VALIDATION_FAILED', 'CART_UNAVAILABLE')
  async page(@Query() query: ListShopSkusDto): Promise<AdminSkuPageDto> {
    const { skus, next } = await this.list.page(toShopSkuFilter(query), pageSize(query.limit), query.cursor);
    return { skus: skus.map(toAdminSkuDto), next };
  }

  @Get(':skuId')
  @ApiOperation({ summary: 'One SKU, on the shelf or off it.' })
  @ApiOkResponse({ type: AdminSkuDto, headers: ETAG })
  @ApiProblems('VALIDATION_FAILED', 'SKU_NOT_FOUND', 'CART_UNAVAILABLE')
  async show(@Param('skuId', ParseIdPipe) skuId: string): Promise<AdminSkuDto> {
    return toAdminSkuDto(found(skuId, await this.list.find(skuId)));
  }

  @Put()
  @ApiOperation({
    summary: 'Inserts or replaces SKUs; carts show it at once.',
    description:
      'Stock, shop and skuId may be left out. Of a SKU that is named twice the last entry counts. A skuCode belongs to one ' +
      'SKU: `SKU_CODE_TAKEN` names each entry whose code another SKU has, and then nothing is written.',
  })
  @BodyLimit(MAX_UPSERT_BYTES)
  @ApiExtraModels(UpsertSkuDto)
  @ApiBody({ schema: { type: 'array', maxItems: MAX_UPSERT, items: { $ref: getSchemaPath(UpsertSkuDto) } } })
  @ApiOkResponse({ type: UpsertedDto })
  @ApiProblems('VALIDATION_FAILED', 'PAYLOAD_TOO_LARGE', 'SKU_CODE_TAKEN', 'CART_UNAVAILABLE')
  async upsert(
    @Body(new HttpListPipe(entriesOf(UpsertSkuDto), MAX_UPSERT)) skus: UpsertSkuDto[],
  ): Promise<UpsertedDto> {
    const stored = await this.catalogue.upsert(skus.map(toSkuInput));
    return { upserted: stored.length, skus: stored.map(({ skuCode, skuId }) => ({ skuCode, skuId })) };
  }

  @Patch(':skuId')
  @ApiOperation({
    summary: 'Changes fields of one SKU; carts show it at once.',
    description: 'What is left out stays. `stockDelta` is added to the stock, beside what orders take from it.',
  })
  @Idempotent()
  @ApiBodyRule(PatchSkuDto, PATCH_RULE)
  @ApiOkResponse({ type: AdminSkuDto, headers: ETAG })
  @ApiProblems(
    ...(['VALIDATION_FAILED', 'SKU_NOT_FOUND', 'SKU_CODE_TAKEN', 'INSUFFICIENT_STOCK'] as const),
    ...(['VERSION_MISMATCH', 'CART_UNAVAILABLE'] as const),
  )
  async patch(
    @Param('skuId', ParseIdPipe) skuId: string,
    @Body() patch: PatchSkuDto,
    @IfMatch() ifMatch: string[] | undefined,
    @Req() request: FastifyRequest,
  ): Promise<AdminSkuDto> {
    const terms = { ifMatch, request: idempotentRequestOf(request) };
    return toAdminSkuDto(found(skuId, await this.catalogue.patch(skuId, toSkuPatch(patch), terms)));
  }

  @Delete(':skuId')
  @ApiOperation({ summary: 'Takes a SKU out of the catalogue; carts that hold it show `SKU_GONE`.' })
  @HttpCode(204)
  @ApiNoContentResponse({ description: 'It is gone.' })
  @ApiProblems('VALIDATION_FAILED', 'SKU_NOT_FOUND', 'VERSION_MISMATCH', 'CART_UNAVAILABLE')
  async remove(@Param('skuId', ParseIdPipe) skuId: string, @IfMatch() ifMatch: string[] | undefined): Promise<void> {
    found(skuId, await this.catalogue.remove(skuId, { ifMatch }));
  }
}

function found(skuId: string, sku: ShopSku | undefined): ShopSku {
  if (!sku) throw new AppError('SKU_NOT_FOUND', [{ code: 'SKU_NOT_FOUND', skuId }]);
  return sku;
}
