import { Agent, request } from 'node:http';

export interface Reply {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: unknown;
  /** Of the cart after it, asked for when the answer does not say it. */
  cartVersion?: string;
  /** When the request was sent and its answer complete, ms since 1970. */
  from: number;
  to: number;
}

const TIMEOUT_MS = 30_000;

/** A lean client: thousands of sequences share a few connections that stay open. */
export class HttpClient {
  private readonly agent: Agent;
  private readonly hostname: string;
  private readonly port: string;

  constructor(url: string, sockets: number) {
    ({ hostname: this.hostname, port: this.port } = new URL(url));
    this.agent = new Agent({ keepAlive: true, maxSockets: sockets });
  }

  send(method: string, path: string, sent: { headers?: Record<string, string>; body?: unknown } = {}): Promise<Reply> {
    const { agent, hostname, port } = this;
    const payload = sent.body === undefined ? undefined : Buffer.from(JSON.stringify(sent.body));
    const headers: Record<string, string | number> = { ...sent.headers };
    if (payload) Object.assign(headers, { 'content-type': 'application/json', 'content-length': payload.length });
    return new Promise((resolve, reject) => {
      const from = Date.now();
      const outgoing = request({ agent, hostname, port, method, path, headers, timeout: TIMEOUT_MS }, (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          const isJson = /json/.test(incoming.headers['content-type'] ?? '');
          const body: unknown = isJson ? JSON.parse(text) : text;
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body, from, to: Date.now() });
        });
      });
      outgoing.on('timeout', () => outgoing.destroy(new Error(`${method} ${path}: no answer`)));
      outgoing.on('error', reject);
      outgoing.end(payload);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}
