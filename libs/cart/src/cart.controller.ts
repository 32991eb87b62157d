import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { ApiProblems, invalid, ParseIdPipe } from '@app/common';
import { Caller, CurrentCaller, Shopper } from '@app/identity';
import { Group, Options } from './answer-options.js';
import { AnswerOptions, CartService } from './cart.service.js';
import type { GroupBy } from './cart.view.js';
import { CartDto, MinimalCartDto } from './dto/cart.dto.js';
import { AddItemDto, RemoveItemsDto, UpdateItemDto } from './dto/item.dto.js';

const READ_PROBLEMS = ['VALIDATION_FAILED', 'CART_BUSY', 'CART_UNAVAILABLE'] as const;
const WRITE_PROBLEMS = [...READ_PROBLEMS, 'VERSION_MISMATCH'] as const;

@ApiTags('cart')
@Shopper()
@Controller('v1/cart')
export class CartController {
  constructor(private readonly carts: CartService) {}

  /** The cart of whoever asks; an unknown owner gets an empty one. */
  @Get()
  @ApiOkResponse({ type: CartDto })
  @ApiProblems(...READ_PROBLEMS)
  async get(
    @CurrentCaller() caller: Caller,
    @Group() group: GroupBy,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CartDto> {
    const cart = await this.carts.get(caller, group);
    if (!cart.stale) reply.header('etag', `"${cart.version}"`);
    return cart;
  }

  /** Adds a quantity of one SKU; on an item that is there the quantities add up. */
  @Post('items')
  @ApiCreatedResponse({ type: CartDto })
  @ApiProblems(
    ...WRITE_PROBLEMS,
    'SKU_NOT_FOUND',
    'SKU_OFF_SHELF',
    'QUANTITY_LIMIT',
    'OUT_OF_STOCK',
    'INSUFFICIENT_STOCK',
    'CART_FULL',
  )
  async add(
    @CurrentCaller() caller: Caller,
    @Body() item: AddItemDto,
    @Options() options: AnswerOptions,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return answer(reply, await this.carts.add(caller, item, options));
  }

  /** Sets (`quantity`) or shifts (`delta`) a quantity, and/or the selected flag. */
  @Patch('items/:skuId')
  @ApiOkResponse({ type: CartDto })
  @ApiProblems(
    ...WRITE_PROBLEMS,
    'ITEM_NOT_FOUND',
    'SKU_NOT_FOUND',
    'SKU_OFF_SHELF',
    'QUANTITY_LIMIT',
    'OUT_OF_STOCK',
    'INSUFFICIENT_STOCK',
  )
  async update(
    @CurrentCaller() caller: Caller,
    @Param('skuId', ParseIdPipe) skuId: string,
    @Body() change: UpdateItemDto,
    @Options() options: AnswerOptions,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    assertOneChange(change);
    return answer(reply, await this.carts.update(caller, skuId, change, options));
  }

  /** Removes an item; removing what is not there is not an error. */
  @Delete('items/:skuId')
  @ApiOkResponse({ type: CartDto })
  @ApiProblems(...WRITE_PROBLEMS)
  async remove(
    @CurrentCaller() caller: Caller,
    @Param('skuId', ParseIdPipe) skuId: string,
    @Options() options: AnswerOptions,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return answer(reply, await this.carts.remove(caller, [skuId], options));
  }

  /** Removes the selected items of a multi-select in one step. */
  @Post('items/remove')
  @HttpCode(200)
  @ApiOkResponse({ type: CartDto })
  @ApiProblems(...WRITE_PROBLEMS)
  async removeMany(
    @CurrentCaller() caller: Caller,
    @Body() { skuIds }: RemoveItemsDto,
    @Options() options: AnswerOptions,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return answer(reply, await this.carts.remove(caller, skuIds, options));
  }

  /** Empties the cart. */
  @Delete()
  @ApiOkResponse({ type: CartDto })
  @ApiProblems(...WRITE_PROBLEMS)
  async clear(
    @CurrentCaller() caller: Caller,
    @Options() options: AnswerOptions,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return answer(reply, await this.carts.clear(caller, options));
  }
}

function answer(reply: FastifyReply, cart: CartDto | MinimalCartDto): CartDto | MinimalCartDto {
  reply.header('etag', `"${cart.version}"`);
  if (!('items' in cart)) reply.header('preference-applied', 'return=minimal');
  return cart;
}

function assertOneChange({ quantity, delta, selected }: UpdateItemDto): void {
  const none = quantity === undefined && delta === undefined && selected === undefined;
  const both = quantity !== undefined && delta !== undefined;
  if (!none && !both) return;
  throw invalid([{ field: both ? 'delta' : 'quantity', message: 'send one of quantity and delta, and/or selected' }]);
}
