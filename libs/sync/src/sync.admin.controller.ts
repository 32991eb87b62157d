import { Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { ApiProblems, ParseIdPipe } from '@app/common';
import { Roles } from '@app/identity';
import { CartDiffDto, SyncResultDto, toCartDiffDto } from './dto/sync.dto.js';
import { SyncService } from './sync.service.js';

const PROBLEMS = ['VALIDATION_FAILED', 'CART_BUSY', 'CART_UNAVAILABLE'] as const;

@ApiTags('admin')
@Roles('admin')
@Controller('v1/admin/carts/:userId')
export class SyncAdminController {
  constructor(private readonly sync: SyncService) {}

  /** Writes a user's cart from Redis to MySQL now. */
  @Post('sync')
  @HttpCode(200)
  @ApiOkResponse({ type: SyncResultDto })
  @ApiProblems(...PROBLEMS)
  force(@Param('userId', ParseIdPipe) userId: string): Promise<SyncResultDto> {
    return this.sync.sync(userId);
  }

  /** Item by item, Redis beside MySQL. */
  @Get('diff')
  @ApiOkResponse({ type: CartDiffDto })
  @ApiProblems(...PROBLEMS)
  async diff(@Param('userId', ParseIdPipe) userId: string): Promise<CartDiffDto> {
    return toCartDiffDto(await this.sync.diff(userId));
  }
}
