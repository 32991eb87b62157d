import { Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems, ParseIdPipe } from '@app/common';
import { Idempotent, Roles } from '@app/identity';
import { OrderDto } from './dto/order.dto.js';
import { toOrderDto } from './dto/to-dto.js';
import { OrderClosing } from './order.closing.js';

/** What the shop's payment says. */
@ApiTags('checkout')
@Roles('payment', 'admin')
@Controller('v1/orders')
export class PayController {
  constructor(private readonly closing: OrderClosing) {}

  @ApiOperation({ summary: 'The order is paid' })
  @Post(':orderId/pay')
  @HttpCode(200)
  @Idempotent()
  @ApiOkResponse({ type: OrderDto })
  @ApiProblems('ORDER_NOT_FOUND', 'ORDER_CLOSED', 'CART_UNAVAILABLE')
  async pay(@Param('orderId', ParseIdPipe) orderId: string): Promise<OrderDto> {
    return toOrderDto(await this.closing.pay(orderId));
  }
}
