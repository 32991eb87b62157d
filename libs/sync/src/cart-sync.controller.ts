import { Controller, HttpCode, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '@app/common';
import { CurrentCaller, Idempotent, type UserCaller, UserOnly } from '@app/identity';
import { WrittenCartDto } from './dto/sync.dto.js';
import { SyncService } from './sync.service.js';

/** What the shop calls when a user logs out. */
@ApiTags('cart')
@UserOnly()
@Controller('v1/cart/sync')
export class CartSyncController {
  constructor(private readonly sync: SyncService) {}

  @Post()
  @ApiOperation({ summary: 'Writes the user’s cart to MySQL now. With this answer it is there.' })
  @HttpCode(202)
  @Idempotent()
  @ApiAcceptedResponse({ type: WrittenCartDto })
  @ApiProblems('CART_BUSY', 'CART_UNAVAILABLE')
  async write(@CurrentCaller() { id }: UserCaller): Promise<WrittenCartDto> {
    const { version } = await this.sync.sync(id, 'logout');
    return { version };
  }
}
