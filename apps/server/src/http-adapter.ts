import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { AppError, type ErrorCode, problemHeaders, toProblem } from '@app/common';
import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { Cors } from './cors.js';
import { API_HEADERS, addRequestHooks } from './http-hooks.js';
import { parseJsonBody } from './json-body.js';
import { RouteTable } from './route-table.js';

const KILOBYTE = 1024;
const SECOND = 1000;

export interface HttpOptions {
  /** How long a closing server waits for answers in flight. A client that does not read its answer would hold it for ever. */
  drainMs?: number;
  /** Addresses and networks whose X-Forwarded-For says who is asking. */
  trustProxy?: readonly string[];
  /** Origins whose pages may call the API. */
  corsOrigins?: readonly string[];
}

/**
 * Fastify with our limits. A client has 10 s for its headers and 30 s for a whole request; a connection stays open idle
 * for 72 s, longer than the 60 s after which common load balancers drop theirs. The TLS proxy in front sets HSTS.
 */
export function createHttpAdapter(options: HttpOptions = {}): FastifyAdapter {
  const { drainMs = 3 * SECOND, trustProxy = [], corsOrigins = [] } = options;
  const adapter = new FastifyAdapter({
    // Nobody's word is taken by default: whoever may invent an address has no limit.
    trustProxy: trustProxy.length > 0 ? [...trustProxy] : false,
    bodyLimit: 64 * KILOBYTE,
    requestTimeout: 30 * SECOND,
    keepAliveTimeout: 72 * SECOND,
    // Checked every 5 s: with Node's 30 s a slow client would get three times its allowance.
    http: { maxHeaderSize: 8 * KILOBYTE, headersTimeout: 10 * SECOND, connectionsCheckingInterval: 5 * SECOND },
    // A request that reaches a closing server over a kept-alive connection is served; the connection ends after it.
    return503OnClosing: false,
    // Nothing here is an Express middleware; without the bridge each request is spared a hook.
    skipMiddie: true,
    frameworkErrors: answerUnroutable,
    clientErrorHandler: answerParserError,
  });
  const server = adapter.getInstance();
  const routes = new RouteTable();
  server.addHook('onRoute', (route: RouteOptions) => {
    routes.add(route.method, route.url);
    const { bodyLimit } = (route.config ?? {}) as { bodyLimit?: number };
    if (bodyLimit !== undefined) route.bodyLimit = bodyLimit;
  });
  addRequestHooks(server, routes, corsOrigins.length > 0 ? new Cors(corsOrigins) : undefined);
  server.addHook('preClose', (done) => {
    setTimeout(() => server.server.closeAllConnections(), drainMs).unref();
    done();
  });
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/json', { parseAs: 'buffer' }, parseBody);
  return adapter;
}

function parseBody(request: FastifyRequest, body: Buffer, done: (error: Error | null, value?: unknown) => void): void {
  const encoding = request.headers['content-encoding'];
  // We never unpack: a few kilobytes could become gigabytes.
  if (encoding !== undefined && encoding !== 'identity') return done(new AppError('UNSUPPORTED_MEDIA_TYPE'));
  try {
    done(null, parseJsonBody(body));
  } catch (error) {
    done(error as Error);
  }
}

/** The router refuses a malformed URL or an over-long parameter before there is a route whose error handler could run. */
function answerUnroutable(_error: Error, _request: FastifyRequest, { raw }: FastifyReply): void {
  const { status, headers, body } = rendered('VALIDATION_FAILED', 'The URL is not valid');
  raw.writeHead(status, headers).end(body);
}

/** Node's parser gave up on the bytes: there is no request, only a socket to write the answer to. */
function answerParserError(error: NodeJS.ErrnoException, socket: Socket): void {
  const inFlight = (socket as Socket & { _httpMessage?: { headersSent?: boolean } })._httpMessage;
  // Bytes in the middle of another answer would corrupt it.
  if (error.code === 'ECONNRESET' || !socket.writable || inFlight?.headersSent) {
    socket.destroy();
    return;
  }
  const { status, headers, body } = rendered(codeOf(error.code), undefined, { connection: 'close' });
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('\r\n')}\r\n\r\n${body}`);
}

function codeOf(parserCode: string | undefined): ErrorCode {
  if (parserCode === 'HPE_HEADER_OVERFLOW') return 'HEADERS_TOO_LARGE';
  if (parserCode === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') return 'PAYLOAD_TOO_LARGE';
  return parserCode === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'REQUEST_TIMEOUT' : 'VALIDATION_FAILED';
}

function rendered(code: ErrorCode, detail?: string, extra?: Record<string, string>) {
  const error = new AppError(code, [], detail);
  const body = JSON.stringify(toProblem(error));
  const headers = {
    ...API_HEADERS,
    ...problemHeaders(error),
    ...extra,
    'content-length': String(Buffer.byteLength(body)),
  };
  return { status: error.status, headers, body };
}
