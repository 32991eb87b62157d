import { Body, Controller, HttpCode, Post, Res } from '@nestjs/common';
import { ApiBody, ApiCreatedResponse, ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { type AnswerOptions, ApiIdempotent, Options } from '@app/cart';
import { ApiProblems, crashPoint } from '@app/common';
import { toCents } from '@app/database';
import { type Caller, CurrentCaller, Shopper, type UserCaller, UserOnly } from '@app/identity';
import { Checkout } from './checkout.js';
import { Keyed, type KeyedRequest } from './checkout.key.js';
import { CheckoutDto, PreviewDto, PreviewedDto } from './dto/checkout.dto.js';
import { OrderDto } from './dto/order.dto.js';
import { toOrderDto, toPreviewed } from './dto/to-dto.js';
import { Previews } from './previews.js';

const LOCATION = {
  description: 'Where the order is',
  schema: { type: 'string', pattern: '^/v1/orders/[1-9][0-9]*$', example: '/v1/orders/42' },
} as const;
const KEY = { name: 'Idempotency-Key', required: true, description: 'A repeat with it gets the first result; 24 h.' };

/** From the cart to an order. */
@ApiTags('checkout')
@Controller('v1/cart/checkout')
export class CheckoutController {
  constructor(
    private readonly checkout: Checkout,
    private readonly previews: Previews,
  ) {}

  @Shopper()
  @ApiOperation({
    summary: 'What the selected items would cost, and what is in the way of ordering them',
    description: 'Changes nothing and keeps nothing: an `Idempotency-Key` is ignored.',
  })
  @Post('preview')
  @HttpCode(200)
  @ApiBody({ type: PreviewDto, required: false })
  @ApiOkResponse({ type: PreviewedDto })
  @ApiProblems('COUPON_NOT_FOUND', 'CHECKOUT_REJECTED', 'CART_BUSY', 'CART_UNAVAILABLE')
  async preview(@CurrentCaller() caller: Caller, @Body() body: PreviewDto): Promise<PreviewedDto> {
    const { couponIds, declineGifts = [] } = body;
    return toPreviewed(await this.previews.of(caller, { couponIds: chosen(couponIds), declineGifts }));
  }

  @UserOnly()
  @ApiOperation({
    summary:
      'Orders the selected items: takes stock and coupons, and the items out of the cart. A refusal changes nothing',
    description:
      'CHECKOUT_REJECTED has an entry of `errors` for each item that is in the way: SKU_NOT_FOUND, SKU_OFF_SHELF, ' +
      'QUANTITY_LIMIT, OUT_OF_STOCK or INSUFFICIENT_STOCK; and one for each coupon that cannot be used, with `reason`. ' +
      'QUANTITY_LIMIT is about the purchase limit of the SKU, against which the units in the shopper’s own unpaid ' +
      'orders count; an item over the limits of the cart can be ordered. CART_CHANGED has the `cart` and the new ' +
      '`preview`, and a repeat of any refusal has both as they are then. TOO_MANY_ORDERS is never kept for the key.',
  })
  @Post()
  @ApiHeader({ ...KEY, schema: { type: 'string', pattern: '^[\\x21-\\x7e]{1,255}$' } })
  @ApiCreatedResponse({ type: OrderDto, headers: { Location: LOCATION } })
  @ApiIdempotent()
  @ApiProblems('NOTHING_SELECTED', 'CHECKOUT_REJECTED', 'CART_CHANGED', 'PRICE_CHANGED', 'COUPON_NOT_FOUND')
  @ApiProblems('TOO_MANY_ORDERS', 'VERSION_MISMATCH', 'CART_BUSY', 'CART_UNAVAILABLE')
  async submit(
    @CurrentCaller() { id: userId }: UserCaller,
    @Body() body: CheckoutDto,
    @Keyed() keyed: KeyedRequest,
    @Options() { ifMatch }: AnswerOptions,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<OrderDto> {
    const { order, replayed } = await this.checkout.submit(
      { userId, ...keyed },
      {
        couponIds: chosen(body.couponIds),
        declineGifts: body.declineGifts ?? [],
        expectedPayable: toCents(body.expectedPayable),
        items: body.items,
        quote: body.quote,
        ifMatch,
      },
    );
    reply.header('location', `/v1/orders/${order.orderId}`);
    if (replayed) reply.header('idempotent-replayed', 'true');
    reply.raw.once('finish', () => crashPoint('checkout-answered'));
    return toOrderDto(order);
  }
}

function chosen(couponIds: CheckoutDto['couponIds'] = []): readonly string[] | 'best' {
  return couponIds === 'best' ? couponIds : [...new Set(couponIds)];
}
