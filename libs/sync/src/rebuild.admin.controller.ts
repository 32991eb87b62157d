import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems, ParseIdPipe } from '@app/common';
import { Idempotent, Roles } from '@app/identity';
import { RebuildDto, RebuiltDto } from './dto/rebuild.dto.js';
import { RebuildService } from './rebuild.service.js';

@ApiTags('admin')
@Roles('admin')
@Controller('v1/admin/carts/:userId/rebuild')
export class RebuildAdminController {
  constructor(private readonly service: RebuildService) {}

  @Post()
  @ApiOperation({
    summary: 'Makes the cart of a user in Redis what MySQL has; refused when Redis is newer, unless forced',
  })
  @HttpCode(200)
  @Idempotent()
  @ApiBody({ type: RebuildDto, required: false })
  @ApiOkResponse({ type: RebuiltDto })
  @ApiProblems('VALIDATION_FAILED', 'REDIS_NEWER', 'CART_BUSY', 'CART_UNAVAILABLE')
  async rebuild(
    @Param('userId', ParseIdPipe) userId: string,
    @Body() { force = false }: RebuildDto,
  ): Promise<RebuiltDto> {
    return this.service.rebuild(userId, force);
  }
}
