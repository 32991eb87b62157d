import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHttpAdapter } from './http-adapter.js';

let server: FastifyInstance;
let client: Socket | undefined;
let finish: (answer: string) => void;

async function start(drainMs: number): Promise<number> {
  server = createHttpAdapter({ drainMs }).getInstance();
  const chunk = Buffer.alloc(64 * 1024, 'x');
  server.get('/endless', (_request, reply) =>
    reply.send(
      new Readable({
        read() {
          this.push(chunk);
        },
      }),
    ),
  );
  server.get('/slow', () => new Promise<string>((resolve) => (finish = resolve)));
  await server.listen({ port: 0, host: '127.0.0.1' });
  return (server.server.address() as AddressInfo).port;
}

async function send(port: number, bytes: string): Promise<Socket> {
  client = connect(port, '127.0.0.1');
  await once(client, 'connect');
  client.on('error', () => undefined).write(bytes);
  return client;
}

describe(createHttpAdapter.name, () => {
  beforeEach(() => {
    client = undefined;
  });

  afterEach(async () => {
    client?.destroy();
    await server.close();
  });

  it('stops although a client does not read its answer', async () => {
    const socket = await send(await start(20), 'GET /endless HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(socket, 'readable');
    await server.close();
    expect(server.server.listening).toBe(false);
  });

  it('finishes what it is doing before it stops', async () => {
    const port = await start(60_000);
    const running = once(server.server, 'request');
    const socket = await send(port, 'GET /slow HTTP/1.1\r\nHost: x\r\n\r\n');
    await running;
    const closed = server.close();
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString()));
    finish('done');
    await Promise.all([closed, once(socket, 'close')]);
    expect(answer).toContain('200 OK');
    expect(answer).toContain('done');
  });

  it.each([
    ['ERR_HTTP_REQUEST_TIMEOUT', 408, 'REQUEST_TIMEOUT'],
    ['HPE_HEADER_OVERFLOW', 431, 'HEADERS_TOO_LARGE'],
    ['HPE_CHUNK_EXTENSIONS_OVERFLOW', 413, 'PAYLOAD_TOO_LARGE'],
    ['HPE_INVALID_CONSTANT', 400, 'VALIDATION_FAILED'],
  ])('answers the parser error %s with %i', async (code, status, problem) => {
    await start(20);
    const socket = new PassThrough();
    server.server.emit('clientError', Object.assign(new Error(), { code }), socket);
    const [head, body] = (await text(socket)).split('\r\n\r\n');
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} [A-Z]`));
    expect(head?.split('\r\n')).toEqual(
      expect.arrayContaining(['content-type: application/problem+json', 'connection: close']),
    );
    expect(JSON.parse(body ?? '')).toMatchObject({ status, code: problem });
  });

  it('writes nothing into the middle of another answer', async () => {
    await start(20);
    const socket = Object.assign(new PassThrough(), { _httpMessage: { headersSent: true } });
    socket.on('error', () => undefined);
    server.server.emit('clientError', Object.assign(new Error(), { code: 'HPE_INVALID_CONSTANT' }), socket);
    expect(socket.read()).toBeNull();
    expect(socket.destroyed).toBe(true);
  });

  it('gives a client 10 s for its headers and 30 s for a request, and looks every 5 s', async () => {
    await start(20);
    expect(server.server).toMatchObject({ headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 72_000 });
    expect(server.server).toHaveProperty('connectionsCheckingInterval', 5000);
  });
});
