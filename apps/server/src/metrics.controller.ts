import { Controller, Get, Headers, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { ApiProblems } from '@app/common';
import { Public } from '@app/identity';
import { MetricsPage } from './metrics.page.js';

@ApiTags('operations')
@Public('unlimited')
@Controller('metrics')
export class MetricsController {
  constructor(private readonly page: MetricsPage) {}

  @Get()
  @ApiOperation({ summary: 'The metrics, for Prometheus. With METRICS_TOKEN only for that bearer token.' })
  @ApiOkResponse({ content: { 'text/plain': { schema: { type: 'string' } } } })
  @ApiProblems('UNAUTHENTICATED')
  async read(
    @Headers('authorization') authorization: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const text = await this.page.read(authorization);
    reply.header('content-type', this.page.contentType);
    return text;
  }
}
