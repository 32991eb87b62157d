import { Body, Controller, Delete, HttpCode, Param, Patch, Put } from '@nestjs/common';
import {
  ApiBody,
  ApiExtraModels,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import { ApiProblems, AppError, BodyLimit, entriesOf, HttpListPipe, ParseIdPipe } from '@app/common';
import { Idempotent, Roles } from '@app/identity';
import { Catalogue } from './catalogue.js';
import {
  AdminSkuDto,
  PatchSkuDto,
  toAdminSkuDto,
  toSkuInput,
  toSkuPatch,
  UpsertedDto,
  UpsertSkuDto,
} from './dto/sku.dto.js';
import { Sku } from './sku.js';

const MAX_UPSERT = 1_000;
const MAX_UPSERT_BYTES = 2 * 1024 * 1024;

@ApiTags('admin')
@Roles('admin')
@Controller('v1/admin/skus')
export class CatalogueAdminController {
  constructor(private readonly catalogue: Catalogue) {}

  @Put()
  @ApiOperation({ summary: 'Inserts or replaces SKUs; carts show it at once.' })
  @BodyLimit(MAX_UPSERT_BYTES)
  @ApiExtraModels(UpsertSkuDto)
  @ApiBody({ schema: { type: 'array', maxItems: MAX_UPSERT, items: { $ref: getSchemaPath(UpsertSkuDto) } } })
  @ApiOkResponse({ type: UpsertedDto })
  @ApiProblems('VALIDATION_FAILED', 'PAYLOAD_TOO_LARGE', 'CART_UNAVAILABLE')
  async upsert(
    @Body(new HttpListPipe(entriesOf(UpsertSkuDto), MAX_UPSERT)) skus: UpsertSkuDto[],
  ): Promise<UpsertedDto> {
    const newest = new Map(skus.map((sku) => [sku.skuId, toSkuInput(sku)]));
    await this.catalogue.upsert([...newest.values()]);
    return { upserted: newest.size };
  }

  @Patch(':skuId')
  @ApiOperation({ summary: 'Changes price, stock, status, limits or texts of one SKU.' })
  @Idempotent()
  @ApiOkResponse({ type: AdminSkuDto })
  @ApiProblems('VALIDATION_FAILED', 'SKU_NOT_FOUND', 'CART_UNAVAILABLE')
  async patch(@Param('skuId', ParseIdPipe) skuId: string, @Body() patch: PatchSkuDto): Promise<AdminSkuDto> {
    return toAdminSkuDto(found(skuId, await this.catalogue.patch(skuId, toSkuPatch(patch))));
  }

  @Delete(':skuId')
  @ApiOperation({ summary: 'Takes a SKU out of the catalogue; carts that hold it show `SKU_GONE`.' })
  @HttpCode(204)
  @ApiNoContentResponse({ description: 'It is gone.' })
  @ApiProblems('VALIDATION_FAILED', 'SKU_NOT_FOUND', 'CART_UNAVAILABLE')
  async remove(@Param('skuId', ParseIdPipe) skuId: string): Promise<void> {
    found(skuId, await this.catalogue.remove(skuId));
  }
}

function found(skuId: string, sku: Sku | undefined): Sku {
  if (!sku) throw new AppError('SKU_NOT_FOUND', [{ code: 'SKU_NOT_FOUND', skuId }]);
  return sku;
}
