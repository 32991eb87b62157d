import { Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems, ParseIdPipe } from '@app/common';
import { Idempotent, Roles } from '@app/identity';
import { CartDiffDto, SyncResultDto, toCartDiffDto } from './dto/sync.dto.js';
import { SyncService } from './sync.service.js';

const PROBLEMS = ['CART_BUSY', 'CART_UNAVAILABLE'] as const;

@ApiTags('admin')
@Roles('admin')
@Controller('v1/admin/carts/:userId')
export class SyncAdminController {
  constructor(private readonly sync: SyncService) {}

  @Post('sync')
  @Idempotent()
  @ApiOperation({ summary: 'Writes the cart of a user from Redis to MySQL now.' })
  @HttpCode(200)
  @ApiOkResponse({ type: SyncResultDto })
  @ApiProblems(...PROBLEMS)
  force(@Param('userId', ParseIdPipe) userId: string): Promise<SyncResultDto> {
    return this.sync.sync(userId, 'forced');
  }

  @Get('diff')
  @ApiOperation({ summary: 'The cart of a user item by item, Redis beside MySQL.' })
  @ApiOkResponse({ type: CartDiffDto })
  @ApiProblems(...PROBLEMS)
  async diff(@Param('userId', ParseIdPipe) userId: string): Promise<CartDiffDto> {
    return toCartDiffDto(await this.sync.diff(userId));
  }
}
