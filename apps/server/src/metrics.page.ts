import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createHash, timingSafeEqual } from 'node:crypto';
import { BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { AppError, Env, Metrics, problemHeaders, toProblem } from '@app/common';

/** The text of the metrics, for who may read it: on a route of the API, or on a port of its own. */
@Injectable()
export class MetricsPage implements BeforeApplicationShutdown {
  private server: Server | undefined;

  constructor(
    private readonly metrics: Metrics,
    private readonly env: Env,
  ) {}

  get contentType(): string {
    return this.metrics.registry.contentType;
  }

  /** Rejects with AppError UNAUTHENTICATED without the token, when there is one. */
  async read(authorization: string | undefined): Promise<string> {
    const { METRICS_TOKEN } = this.env;
    if (METRICS_TOKEN !== undefined && !isSame(authorization ?? '', `Bearer ${METRICS_TOKEN}`)) {
      throw new AppError('UNAUTHENTICATED');
    }
    return this.metrics.registry.metrics();
  }

  /** Listens on METRICS_PORT, if there is one. */
  async listen(): Promise<void> {
    const { METRICS_PORT: port, HOST: host } = this.env;
    if (port === undefined) return;
    const server = createServer({ requestTimeout: 10_000 }, (request, reply) => void this.answer(request, reply));
    this.server = server;
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen({ port, host }, resolve));
  }

  beforeApplicationShutdown(): void {
    this.server?.close();
    this.server?.closeAllConnections();
  }

  private async answer({ method, url, headers }: IncomingMessage, reply: ServerResponse): Promise<void> {
    try {
      if (url?.split('?', 1)[0] !== '/metrics') throw new AppError('NOT_FOUND');
      if (method !== 'GET' && method !== 'HEAD') throw new AppError('METHOD_NOT_ALLOWED');
      const text = await this.read(headers.authorization);
      reply.writeHead(200, { 'content-type': this.contentType }).end(method === 'HEAD' ? undefined : text);
    } catch (error) {
      const problem = error instanceof AppError ? error : new AppError('CART_UNAVAILABLE');
      reply.writeHead(problem.status, problemHeaders(problem)).end(JSON.stringify(toProblem(problem)));
    }
  }
}

/** In the same time whatever the difference is. */
function isSame(given: string, expected: string): boolean {
  const [one, other] = [given, expected].map((text) => createHash('sha256').update(text).digest());
  return timingSafeEqual(one!, other!);
}
