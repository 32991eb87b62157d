import { BeforeApplicationShutdown, Controller, Get, Headers, Logger, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiProblems, AppError, invalid } from '@app/common';
import { compareDecimals } from '@app/database';
import { Caller, CurrentCaller, Shopper } from '@app/identity';
import { CartLoader } from './cart.loader.js';
import { CartStore } from './cart.store.js';
import { CartStream } from './cart.stream.js';
import { LiveUpdate, LiveUpdates } from './live-updates.js';

const MOST_STREAMS = 5_000;
const MOST_STREAMS_OF_ONE = 20;

/** Live updates of a cart: what any device changes, every other one hears. */
@ApiTags('cart')
@Shopper()
@Controller('v1/cart/events')
export class CartEventsController implements BeforeApplicationShutdown {
  private readonly logger = new Logger(CartEventsController.name);
  private readonly streams = new Set<CartStream>();

  constructor(
    private readonly updates: LiveUpdates,
    private readonly store: CartStore,
    private readonly loader: CartLoader,
  ) {}

  @ApiOperation({
    summary: 'A stream of `cart` events: version and badge, at once and after each change by any device',
  })
  @Get()
  @ApiHeader({ name: 'Last-Event-ID', required: false, description: 'The version the client has seen.' })
  @ApiOkResponse({ description: 'Events `cart`.', content: { 'text/event-stream': { schema: { type: 'string' } } } })
  @ApiProblems('VALIDATION_FAILED', 'CART_BUSY', 'CART_UNAVAILABLE', 'RATE_LIMITED')
  async open(
    @CurrentCaller() caller: Caller,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const lastVersion = parseLastEventId(lastEventId);
    // Headers alone: a stream nobody can read would have no end.
    if (request.method === 'HEAD') return void reply.type('text/event-stream').send();
    if (this.streams.size >= MOST_STREAMS) throw new AppError('CART_UNAVAILABLE', [], 'Too many streams are open');
    if (this.updates.watchersOf(caller) >= MOST_STREAMS_OF_ONE) throw new AppError('RATE_LIMITED');

    const told: { stream?: CartStream; first?: NonNullable<LiveUpdate> } = {};
    const tell = ({ version, badge }: NonNullable<LiveUpdate>) => {
      if (told.stream) told.stream.send(version, badge);
      // Before there is a stream: changes may be told while the state before them is still on its way.
      else if (!told.first || compareDecimals(version, told.first.version) > 0) told.first = { version, badge };
    };
    const tellCurrent = async () => tell((await this.store.badge(caller)) ?? (await this.loader.read(caller)));
    // First the subscription, then the state: a change in between is told twice rather than not at all.
    const stop = await this.updates.watch(caller, (update) => {
      if (update) tell(update);
      else tellCurrent().catch((error: Error) => this.logger.warn(`a stream was not refreshed: ${error.message}`));
    });
    try {
      await tellCurrent();
    } catch (error) {
      stop();
      throw error;
    }
    reply.hijack();
    if (reply.raw.destroyed) return stop();
    reply.raw.writeHead(200, {
      ...(reply.getHeaders() as Record<string, string>),
      'content-type': 'text/event-stream',
      // Or nginx would keep events back until its buffer is full.
      'x-accel-buffering': 'no',
    });
    const opened = new CartStream(reply.raw, lastVersion, () => {
      stop();
      this.streams.delete(opened);
    });
    this.streams.add(opened);
    told.stream = opened;
    if (told.first) tell(told.first);
  }

  /** A stream would hold the shutdown up. */
  beforeApplicationShutdown(): void {
    for (const stream of this.streams) stream.end();
  }
}

function parseLastEventId(header: string | undefined): string {
  if (header === undefined || header === '') return '';
  if (!/^(?:0|[1-9]\d{0,18})$/.test(header)) throw invalid([{ field: 'Last-Event-ID', message: 'must be a version' }]);
  return header;
}
