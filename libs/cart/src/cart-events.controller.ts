import { BeforeApplicationShutdown, Controller, Get, Headers, Logger, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiProblems, invalid } from '@app/common';
import { compareDecimals } from '@app/database';
import { addressKey, Caller, CurrentCaller, Shopper } from '@app/identity';
import { CartLoader } from './cart.loader.js';
import { CartStore } from './cart.store.js';
import { CartStream } from './cart.stream.js';
import { LiveUpdate, LiveUpdates } from './live-updates.js';
import { StreamPlaces } from './stream-places.js';

/** Live updates of a cart: what any device changes, every other one hears. */
@ApiTags('cart')
@Shopper()
@Controller('v1/cart/events')
export class CartEventsController implements BeforeApplicationShutdown {
  private readonly logger = new Logger(CartEventsController.name);
  private readonly streams = new Set<CartStream>();
  private readonly places = new StreamPlaces();

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
    const leave = this.places.take(caller, addressKey(request.ip));
    const told: { stream?: CartStream; first?: NonNullable<LiveUpdate> } = {};
    const tell = ({ version, badge }: NonNullable<LiveUpdate>) => {
      if (told.stream) told.stream.send(version, badge);
      // Before there is a stream: changes may be told while the state before them is still on its way.
      else if (!told.first || compareDecimals(version, told.first.version) > 0) told.first = { version, badge };
    };
    const tellCurrent = async () => tell((await this.store.badge(caller)) ?? (await this.loader.read(caller)));
    // First the subscription, then the state: a change in between is told twice rather than not at all.
    let unwatch: (() => void) | undefined;
    const stop = () => {
      unwatch?.();
      leave();
    };
    try {
      unwatch = await this.updates.watch(caller, (update) => {
        if (update) tell(update);
        else tellCurrent().catch((error: Error) => this.logger.warn(`a stream was not refreshed: ${error.message}`));
      });
      await tellCurrent();
    } catch (error) {
      stop();
      throw error;
    }
    reply.hijack();
    if (reply.raw.destroyed) return stop();
    writeHead(reply);
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

function writeHead(reply: FastifyReply): void {
  reply.raw.writeHead(200, {
    ...(reply.getHeaders() as Record<string, string>),
    'content-type': 'text/event-stream',
    // Or nginx would keep events back until its buffer is full.
    'x-accel-buffering': 'no',
  });
}

function parseLastEventId(header: string | undefined): string {
  if (header === undefined || header === '') return '';
  if (!/^(?:0|[1-9]\d{0,18})$/.test(header)) throw invalid([{ field: 'Last-Event-ID', message: 'must be a version' }]);
  return header;
}
