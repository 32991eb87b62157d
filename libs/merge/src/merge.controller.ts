import { Body, Controller, HttpCode, Post, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { AnswerOptions, answerWrite, ApiIdempotent, ApiWrite, Options } from '@app/cart';
import { ApiProblems } from '@app/common';
import { CurrentCaller, GuestTokens, type UserCaller, UserOnly } from '@app/identity';
import { MergeDto, MergedCartDto, toMergeResult } from './dto/merge.dto.js';
import { Merger } from './merger.js';

@ApiTags('cart')
@UserOnly()
@Controller('v1/cart/merge')
export class MergeController {
  constructor(
    private readonly merger: Merger,
    private readonly guests: GuestTokens,
  ) {}

  @ApiOperation({
    summary:
      'Brings a guest’s cart into the user’s at login, and closes it. A repeat answers what the first one came to',
  })
  @Post()
  @HttpCode(200)
  @ApiWrite({ full: MergedCartDto })
  @ApiIdempotent()
  @ApiProblems('INVALID_CLIENT_CART_ID')
  async merge(
    @CurrentCaller() user: UserCaller,
    @Body() { clientCartId, strategy = 'sum', select = 'keep' }: MergeDto,
    @Options() options: AnswerOptions,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const guest = this.guests.verify(clientCartId);
    const { id, written, persisted } = await this.merger.merge(user.id, guest.id, { strategy, select }, options);
    return answerWrite(reply, written, { merge: toMergeResult(id, written.lines, persisted) });
  }
}
