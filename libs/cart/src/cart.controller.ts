import { Body, Controller, Delete, Get, HttpCode, Post, Put, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { ApiBodyRule, ApiProblems } from '@app/common';
import { Caller, CurrentCaller, Shopper } from '@app/identity';
import { Options, View } from './answer-options.js';
import { answerWrite, ApiIdempotent, ApiWrite, READ_PROBLEMS, sendCart } from './cart.answer.js';
import { undoResultOf } from './cart.errors.js';
import { CartReader } from './cart.reader.js';
import { CartService } from './cart.service.js';
import type { ViewOptions } from './cart.view.js';
import type { AnswerOptions } from './cart.writer.js';
import { BadgeDto, CartDto } from './dto/cart.dto.js';
import { UndoneCartDto } from './dto/result.dto.js';
import { SELECTION_RULE, SelectionDto, toSelection } from './dto/selection.dto.js';

/** The cart as a whole. */
@ApiTags('cart')
@Shopper()
@Controller('v1/cart')
export class CartController {
  constructor(
    private readonly carts: CartService,
    private readonly reader: CartReader,
  ) {}

  @ApiOperation({ summary: 'The cart of whoever asks; an unknown owner gets an empty one' })
  @Get()
  @ApiOkResponse({ type: CartDto })
  @ApiProblems(...READ_PROBLEMS, 'COUPON_NOT_FOUND', 'CHECKOUT_REJECTED')
  async get(
    @CurrentCaller() caller: Caller,
    @View() view: ViewOptions,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CartDto> {
    const cart = await this.reader.get(caller, view);
    if (!cart.stale) reply.header('etag', `"${cart.version}"`);
    return sendCart(reply, cart);
  }

  @ApiOperation({ summary: 'The counters alone, without building the cart' })
  @Get('badge')
  @ApiOkResponse({ type: BadgeDto })
  @ApiProblems('CART_BUSY', 'CART_UNAVAILABLE')
  async badge(@CurrentCaller() caller: Caller, @Res({ passthrough: true }) reply: FastifyReply): Promise<BadgeDto> {
    const { badge, version } = await this.reader.badge(caller);
    if (version !== undefined) reply.header('etag', `"${version}"`);
    return badge;
  }

  @ApiOperation({ summary: 'Empties the cart' })
  @Delete()
  @ApiWrite()
  async clear(
    @CurrentCaller() caller: Caller,
    @Options() options: AnswerOptions,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return answerWrite(reply, await this.carts.clear(caller, options));
  }

  @ApiOperation({ summary: 'Removes every item that cannot be bought now' })
  @Delete('invalid-items')
  @ApiWrite()
  async clearInvalid(
    @CurrentCaller() caller: Caller,
    @Options() options: AnswerOptions,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return answerWrite(reply, await this.carts.clearInvalid(caller, options));
  }

  @ApiOperation({
    summary:
      'Brings back what the latest removal of the last ten minutes took, as it was; `results` names what did not fit',
  })
  @Post('undo')
  @HttpCode(200)
  @ApiWrite({ full: UndoneCartDto })
  @ApiIdempotent()
  @ApiProblems('NOTHING_TO_UNDO', 'QUANTITY_LIMIT', 'CART_FULL')
  async undo(
    @CurrentCaller() caller: Caller,
    @Options() options: AnswerOptions,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const written = await this.carts.undo(caller, options);
    return answerWrite(reply, written, { results: written.lines.map(undoResultOf) });
  }

  @ApiOperation({
    summary: 'Selects or unselects some items, those of a shop, or all. An absent or invalid item is passed over',
  })
  @Put('selection')
  @ApiBodyRule(SelectionDto, SELECTION_RULE)
  @ApiWrite()
  async select(
    @CurrentCaller() caller: Caller,
    @Body() body: SelectionDto,
    @Options() options: AnswerOptions,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return answerWrite(reply, await this.carts.select(caller, toSelection(body), body.selected, options));
  }
}
