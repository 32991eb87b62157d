import { Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems, pageSize, ParseIdPipe } from '@app/common';
import { Idempotent, Roles } from '@app/identity';
import {
  AdminCancelledOrderDto,
  AdminOrderDto,
  AdminOrderPageDto,
  ListAllOrdersDto,
  toOrderFilter,
} from './dto/order-list.dto.js';
import { toOrderDto } from './dto/to-dto.js';
import { OrderClosing } from './order.closing.js';
import { OrderList } from './order.list.js';
import type { Order } from './order.js';
import { Orders } from './orders.js';

@ApiTags('admin')
@Roles('admin')
@Controller('v1/admin/orders')
export class OrdersAdminController {
  constructor(
    private readonly orders: Orders,
    private readonly closing: OrderClosing,
    private readonly list: OrderList,
  ) {}

  @ApiOperation({ summary: 'The orders of all shoppers, newest first' })
  @Get()
  @ApiOkResponse({ type: AdminOrderPageDto })
  @ApiProblems('VALIDATION_FAILED', 'CART_UNAVAILABLE')
  async page(@Query() query: ListAllOrdersDto): Promise<AdminOrderPageDto> {
    const { orders, next } = await this.list.page(toOrderFilter(query), pageSize(query.limit), query.cursor);
    return { orders: orders.map(toAdminOrderDto), next };
  }

  @ApiOperation({ summary: 'An order of any shopper' })
  @Get(':orderId')
  @ApiOkResponse({ type: AdminOrderDto })
  @ApiProblems('VALIDATION_FAILED', 'ORDER_NOT_FOUND', 'CART_UNAVAILABLE')
  async show(@Param('orderId', ParseIdPipe) orderId: string): Promise<AdminOrderDto> {
    return toAdminOrderDto(await this.orders.of(undefined, orderId));
  }

  @ApiOperation({ summary: 'Cancels an order that is not paid: stock, coupons and the items in the cart are back' })
  @Post(':orderId/cancel')
  @HttpCode(200)
  @Idempotent()
  @ApiOkResponse({ type: AdminCancelledOrderDto })
  @ApiProblems('ORDER_NOT_FOUND', 'ORDER_PAID', 'CART_BUSY', 'CART_UNAVAILABLE')
  async cancel(@Param('orderId', ParseIdPipe) orderId: string): Promise<AdminCancelledOrderDto> {
    const order = await this.closing.cancel(orderId);
    return { ...toAdminOrderDto(order), restored: order.restored };
  }
}

function toAdminOrderDto(order: Order): AdminOrderDto {
  return { ...toOrderDto(order), userId: order.userId };
}
