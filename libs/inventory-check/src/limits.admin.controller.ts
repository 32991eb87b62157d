import { Body, Controller, Delete, Get, Put } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '@app/common';
import { DatabaseUnavailableError } from '@app/database';
import { Roles } from '@app/identity';
import { LimitsDto, PutLimitsDto, toLimitsDto } from './dto/limits.dto.js';
import { Limits } from './limits.js';
import { LimitsService } from './limits.service.js';

@ApiTags('admin')
@Roles('admin')
@Controller('v1/admin/limits')
export class LimitsAdminController {
  constructor(
    private readonly limits: Limits,
    private readonly service: LimitsService,
  ) {}

  @Get()
  @ApiOperation({ summary: 'The limits of every cart in force now; while MySQL is away, those this instance goes by.' })
  @ApiOkResponse({ type: LimitsDto })
  async show(): Promise<LimitsDto> {
    await this.service.refresh().catch((error: unknown) => {
      if (!(error instanceof DatabaseUnavailableError)) throw error;
    });
    return toLimitsDto(this.limits);
  }

  @Put()
  @ApiOperation({
    summary: 'Sets the limits of every cart, for a time or until deleted.',
    description:
      'At once on this instance, within a second on the others. Lower limits take nothing out of a cart; ' +
      'items over them show the problem `QUANTITY_LIMIT`.',
  })
  @ApiOkResponse({ type: LimitsDto })
  @ApiProblems('CART_UNAVAILABLE')
  async set(@Body() { until, maxSkus, maxQuantityPerSku }: PutLimitsDto): Promise<LimitsDto> {
    await this.service.set({ maxSkus, maxQuantityPerSku }, until === undefined ? null : Date.parse(until));
    return toLimitsDto(this.limits);
  }

  @Delete()
  @ApiOperation({ summary: 'Goes back to the defaults.' })
  @ApiOkResponse({ type: LimitsDto })
  @ApiProblems('CART_UNAVAILABLE')
  async reset(): Promise<LimitsDto> {
    await this.service.reset();
    return toLimitsDto(this.limits);
  }
}
