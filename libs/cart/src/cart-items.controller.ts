import { Body, Controller, Delete, HttpCode, HttpStatus, Param, Patch, Post, Put, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { ApiBodyRule, ApiProblems, invalid, ParseIdPipe } from '@app/common';
import { Caller, CurrentCaller, Shopper } from '@app/identity';
import { Options } from './answer-options.js';
import { answerWrite, ApiIdempotent, ApiWrite, QUANTITY_PROBLEMS } from './cart.answer.js';
import { CartService } from './cart.service.js';
import type { AnswerOptions } from './cart.writer.js';
import { AddItemDto, AddItemsDto, ChangeSpecDto, RemoveItemsDto, UPDATE_RULE, UpdateItemDto } from './dto/item.dto.js';
import { BatchCartDto, toBatchResults } from './dto/result.dto.js';

/** The items of a cart, by SKU. */
@ApiTags('cart')
@Shopper()
@Controller('v1/cart/items')
export class CartItemsController {
  constructor(private readonly carts: CartService) {}

  @ApiOperation({ summary: 'Adds a quantity of one SKU; on an item that is there the quantities add up' })
  @Post()
  @ApiWrite({ status: HttpStatus.CREATED })
  @ApiIdempotent()
  @ApiProblems(...QUANTITY_PROBLEMS, 'CART_FULL')
  async add(
    @CurrentCaller() caller: Caller,
    @Body() item: AddItemDto,
    @Options() options: AnswerOptions,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return answerWrite(reply, await this.carts.add(caller, item, options));
  }

  @ApiOperation({
    summary:
      'Adds several SKUs in one step: all or nothing, or with `partial` those that may be added, with a reason for each other',
  })
  @Post('batch')
  @HttpCode(200)
  @ApiWrite({ full: BatchCartDto })
  @ApiIdempotent()
  @ApiProblems(...QUANTITY_PROBLEMS, 'CART_FULL')
  async addMany(
    @CurrentCaller() caller: Caller,
    @Body() { items, mode }: AddItemsDto,
    @Options() options: AnswerOptions,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const quantities = new Map<string, number>();
    for (const { skuId, quantity } of items) quantities.set(skuId, (quantities.get(skuId) ?? 0) + quantity);
    const written = await this.carts.addMany(caller, quantities, mode ?? 'atomic', options);
    return answerWrite(reply, written, { results: toBatchResults([...quantities.keys()], written.lines) });
  }

  @ApiOperation({ summary: 'Removes the items of a multi-select in one step' })
  @Post('remove')
  @HttpCode(200)
  @ApiWrite()
  @ApiIdempotent()
  async removeMany(
    @CurrentCaller() caller: Caller,
    @Body() { skuIds }: RemoveItemsDto,
    @Options() options: AnswerOptions,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return answerWrite(reply, await this.carts.remove(caller, skuIds, options));
  }

  @ApiOperation({ summary: 'Sets (`quantity`) or shifts (`delta`) a quantity, and/or the selected flag' })
  @Patch(':skuId')
  @ApiBodyRule(UpdateItemDto, UPDATE_RULE)
  @ApiWrite()
  @ApiIdempotent()
  @ApiProblems(...QUANTITY_PROBLEMS, 'ITEM_NOT_FOUND')
  async update(
    @CurrentCaller() caller: Caller,
    @Param('skuId', ParseIdPipe) skuId: string,
    @Body() change: UpdateItemDto,
    @Options() options: AnswerOptions,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    assertOneChange(change);
    return answerWrite(reply, await this.carts.update(caller, skuId, change, options));
  }

  @ApiOperation({
    summary: 'Puts another variant in the item’s place in one step; onto one that is there the quantities add up',
  })
  @Put(':skuId/spec')
  @ApiWrite()
  @ApiProblems(...QUANTITY_PROBLEMS, 'ITEM_NOT_FOUND', 'NOT_A_VARIANT')
  async changeSpec(
    @CurrentCaller() caller: Caller,
    @Param('skuId', ParseIdPipe) skuId: string,
    @Body() { skuId: newSkuId }: ChangeSpecDto,
    @Options() options: AnswerOptions,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return answerWrite(reply, await this.carts.changeSpec(caller, skuId, newSkuId, options));
  }

  @ApiOperation({ summary: 'Removes an item; removing what is not there is not an error' })
  @Delete(':skuId')
  @ApiWrite()
  async remove(
    @CurrentCaller() caller: Caller,
    @Param('skuId', ParseIdPipe) skuId: string,
    @Options() options: AnswerOptions,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return answerWrite(reply, await this.carts.remove(caller, [skuId], options));
  }
}

function assertOneChange({ quantity, delta, selected }: UpdateItemDto): void {
  const none = quantity === undefined && delta === undefined && selected === undefined;
  const both = quantity !== undefined && delta !== undefined;
  if (!none && !both) return;
  throw invalid([{ field: both ? 'delta' : 'quantity', message: 'send one of quantity and delta, and/or selected' }]);
}
