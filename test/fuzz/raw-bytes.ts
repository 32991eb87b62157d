import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { Random } from './random.js';

const SEEDS = [
  'GET /v1/cart HTTP/1.1\r\nHost: x\r\n\r\n',
  'POST /v1/cart/items HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}',
  'POST /v1/guest-carts HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n',
  'DELETE /v1/cart/items/%zz?a=1&a=2 HTTP/1.1\r\nHost: x\r\nX-Client-Cart-Id: v1.a.b.c\r\n\r\n',
  'POST /v1/cart/items HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n',
  'OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n',
  'GET http://[::1/ HTTP/1.1\r\nHost: x\r\n\r\n',
];
/** A server that waits for the rest of a request hears no more from us after this, ms. */
const REST_MS = 300;

/** An HTTP request with bytes changed, cut out or put in: most are none any more. */
export function bytesLikeARequest(random: Random): Buffer {
  const bytes = [...Buffer.from(random.pick(SEEDS))];
  for (let i = random.int(0, 6); i > 0; i--) {
    const at = random.int(0, bytes.length - 1);
    const byte = random.weighted([3, random.int(0, 255)], [1, 0], [1, 10], [1, 13], [1, 58]);
    bytes.splice(at, random.int(0, 2), ...(random.chance(0.8) ? [byte] : []));
  }
  return Buffer.from(bytes);
}

/** Everything the server has to say to these bytes before the connection ends. */
export async function answerTo(url: string, bytes: Buffer): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(bytes);
  const timer = setTimeout(() => socket.end(), REST_MS);
  try {
    // A reset is an end as well.
    return await text(socket).catch(() => '');
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}
