import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How the shop's order service behaves: what it answers, and whether it has heard. */
export type Behaviour = 'accept' | 'refuse' | 'fail' | 'silent' | 'commit-then-silent';

/** An order service as a shop would have one: an HTTP server that keeps each order once, by its key. */
export class OrderService {
  behaviour: Behaviour = 'accept';
  /** Orders it has taken, by key. */
  readonly taken = new Map<string, Record<string, unknown>>();
  /** What it was told of orders that are closed, by key. */
  readonly closed = new Map<string, Record<string, unknown>>();
  /** Every call, whatever was answered. */
  calls = 0;

  private constructor(private readonly server: Server) {}

  static async start(): Promise<OrderService> {
    const server = createServer();
    const service = new OrderService(server);
    server.on('request', (request, response) => void service.handle(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return service;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/orders`;
  }

  /** Ends the calls it has left without an answer. */
  hangUp(): void {
    this.server.closeAllConnections();
  }

  async stop(): Promise<void> {
    this.hangUp();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>;
    const key = String(request.headers['idempotency-key']);
    this.calls += 1;
    const kept = request.url!.endsWith('/close') ? this.closed : this.taken;
    if (this.behaviour === 'accept' || this.behaviour === 'commit-then-silent') kept.set(key, body);
    if (this.behaviour === 'silent' || this.behaviour === 'commit-then-silent') return;
    const status = { accept: 201, refuse: 422, fail: 500 }[this.behaviour];
    response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
  }
}
