import { Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems, ParseIdPipe } from '@app/common';
import { CurrentCaller, Idempotent, type UserCaller, UserOnly } from '@app/identity';
import { OrderDto } from './dto/order.dto.js';
import { toOrderDto } from './dto/to-dto.js';
import { OrderClosing } from './order.closing.js';

/** In the place of the payment where there is none, with DEMO_PAY: users pay their own orders. */
@ApiTags('checkout')
@UserOnly()
@Controller('v1/orders')
export class DemoPayController {
  constructor(private readonly closing: OrderClosing) {}

  @ApiOperation({ summary: 'The order is paid' })
  @Post(':orderId/pay')
  @HttpCode(200)
  @Idempotent()
  @ApiOkResponse({ type: OrderDto })
  @ApiProblems('ORDER_NOT_FOUND', 'ORDER_CLOSED', 'CART_UNAVAILABLE')
  async pay(
    @CurrentCaller() { id, roles }: UserCaller,
    @Param('orderId', ParseIdPipe) orderId: string,
  ): Promise<OrderDto> {
    const isOperator = roles.includes('payment') || roles.includes('admin');
    return toOrderDto(await this.closing.pay(orderId, isOperator ? undefined : id));
  }
}
