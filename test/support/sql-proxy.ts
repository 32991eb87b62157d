import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

const HEADER_BYTES = 4;
const COM_QUERY = 0x03;
const COM_STMT_PREPARE = 0x16;

/** Stands between a process and its MySQL and reads along: what the process asks for is counted where it is asked. */
export class SqlProxy {
  /** Every statement that went through, in their order. */
  readonly statements: string[] = [];
  private readonly sockets = new Set<Socket>();
  private isCut = false;

  private constructor(
    private readonly server: Server,
    private readonly target: URL,
  ) {}

  /** Listens on a free port, on the way to the database of `url`. */
  static async before(url: string): Promise<SqlProxy> {
    const server = createServer();
    const proxy = new SqlProxy(server, new URL(url));
    server.on('connection', (client) => proxy.accept(client));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  /** As that of the database, through the proxy. */
  get url(): string {
    const url = new URL(this.target);
    url.port = String((this.server.address() as AddressInfo).port);
    return url.href;
  }

  /** How many of the statements match. */
  count(what: RegExp): number {
    return this.statements.filter((statement) => what.test(statement)).length;
  }

  /** As if MySQL were away, until the returned function is called. */
  cut(): () => void {
    this.isCut = true;
    for (const socket of this.sockets) socket.destroy();
    return () => (this.isCut = false);
  }

  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private accept(client: Socket): void {
    if (this.isCut) {
      client.destroy();
      return;
    }
    const upstream = connect(Number(this.target.port), this.target.hostname);
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        this.sockets.delete(one);
        other.destroy();
      });
    }
    client.on(
      'data',
      readPackets((sequence, payload) => this.record(sequence, payload)),
    );
    client.pipe(upstream).pipe(client);
  }

  private record(sequence: number, payload: Buffer): void {
    // A command begins a conversation; the login is the answer to the server's greeting.
    if (sequence !== 0) return;
    if (payload[0] === COM_QUERY || payload[0] === COM_STMT_PREPARE) this.statements.push(payload.toString('utf8', 1));
  }
}

/** Cuts the bytes of one direction into packets: three bytes of length, one of sequence, the payload. */
function readPackets(onPacket: (sequence: number, payload: Buffer) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= HEADER_BYTES) {
      const end = HEADER_BYTES + rest.readUIntLE(0, 3);
      if (rest.length < end) return;
      onPacket(rest[3]!, rest.subarray(HEADER_BYTES, end));
      rest = rest.subarray(end);
    }
  };
}
