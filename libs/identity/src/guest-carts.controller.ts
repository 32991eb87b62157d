import { Controller, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { GuestCartDto } from './dto/guest-cart.dto.js';
import { GuestTokens } from './guest-tokens.js';
import { Public } from './policy.js';

/** A guest's cart lives this long after its last write. */
export const GUEST_CART_SECONDS = 30 * 24 * 60 * 60;

@ApiTags('guest-carts')
@Controller('v1/guest-carts')
export class GuestCartsController {
  constructor(private readonly guests: GuestTokens) {}

  @Post()
  @Public('guest-carts')
  @ApiOperation({ summary: 'Issues the id of a guest cart; nothing is stored before its first item.' })
  @ApiCreatedResponse({ type: GuestCartDto })
  create(): GuestCartDto {
    return { clientCartId: this.guests.issue(), expiresInSeconds: GUEST_CART_SECONDS };
  }
}
