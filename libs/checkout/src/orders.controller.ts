import { Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems, pageSize, ParseIdPipe } from '@app/common';
import { CurrentCaller, Idempotent, type UserCaller, UserOnly } from '@app/identity';
import { CancelledOrderDto, OrderDto } from './dto/order.dto.js';
import { ListOrdersDto, OrderPageDto } from './dto/order-list.dto.js';
import { toOrderDto } from './dto/to-dto.js';
import { OrderClosing } from './order.closing.js';
import { OrderList } from './order.list.js';
import { Orders } from './orders.js';

@ApiTags('checkout')
@UserOnly()
@Controller('v1/orders')
export class OrdersController {
  constructor(
    private readonly orders: Orders,
    private readonly closing: OrderClosing,
    private readonly list: OrderList,
  ) {}

  @ApiOperation({ summary: 'The orders of the user who asks, newest first' })
  @Get()
  @ApiOkResponse({ type: OrderPageDto })
  @ApiProblems('VALIDATION_FAILED', 'CART_UNAVAILABLE')
  async page(
    @CurrentCaller() { id: userId }: UserCaller,
    @Query() { status, cursor, limit }: ListOrdersDto,
  ): Promise<OrderPageDto> {
    const { orders, next } = await this.list.page({ userId, status }, pageSize(limit), cursor);
    return { orders: orders.map(toOrderDto), next };
  }

  @ApiOperation({ summary: 'An order of the user who asks' })
  @Get(':orderId')
  @ApiOkResponse({ type: OrderDto })
  @ApiProblems('ORDER_NOT_FOUND', 'CART_UNAVAILABLE')
  async get(
    @CurrentCaller() { id: userId }: UserCaller,
    @Param('orderId', ParseIdPipe) orderId: string,
  ): Promise<OrderDto> {
    return toOrderDto(await this.orders.of(userId, orderId));
  }

  @ApiOperation({ summary: 'Cancels an order that is not paid: stock, coupons and the items in the cart are back' })
  @Post(':orderId/cancel')
  @HttpCode(200)
  @Idempotent()
  @ApiOkResponse({ type: CancelledOrderDto })
  @ApiProblems('ORDER_NOT_FOUND', 'ORDER_PAID', 'CART_BUSY', 'CART_UNAVAILABLE')
  async cancel(
    @CurrentCaller() { id: userId }: UserCaller,
    @Param('orderId', ParseIdPipe) orderId: string,
  ): Promise<CancelledOrderDto> {
    const order = await this.closing.cancel(orderId, userId);
    return { ...toOrderDto(order), restored: order.restored };
  }
}
