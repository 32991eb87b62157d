import { Agent, request } from 'node:http';

export interface RawAnswer {
  status: number;
  headers: Record<string, string>;
  text: string;
}

export interface RawRequest {
  method: string;
  target: string;
  headers: Record<string, string>;
  body?: Buffer;
}

/** Sends requests as they are: nothing is normalised on the way, unlike with fetch. */
export class Sender {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 16 });

  constructor(private readonly url: string) {}

  /** undefined when the server closed the connection while the request was still being sent, which a refusal may do. */
  async send(sent: RawRequest): Promise<RawAnswer | undefined> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.once(sent);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code !== 'ECONNRESET' && code !== 'EPIPE') throw error;
        if (isLarge(sent)) return undefined;
        // An idle connection that the server closed in this moment; a second time it is no coincidence.
        if (attempt === 3) throw error;
      }
    }
  }

  close(): void {
    this.agent.destroy();
  }

  private once({ method, target, headers, body }: RawRequest): Promise<RawAnswer> {
    return new Promise((resolve, reject) => {
      const { hostname, port } = new URL(this.url);
      const all = body ? { ...headers, 'content-length': String(body.length) } : headers;
      const options = { agent: this.agent, host: hostname, port, method, path: target, headers: all, timeout: 20_000 };
      const outgoing = request(options, (answer) => {
        const headersOf = () =>
          Object.fromEntries(Object.entries(answer.headers).map(([name, value]) => [name, String(value)]));
        // A stream has no end: that it begins is all there is to wait for.
        if (/^text\/event-stream/.test(answer.headers['content-type'] ?? '')) {
          resolve({ status: answer.statusCode!, headers: headersOf(), text: '' });
          outgoing.destroy();
          return;
        }
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('error', reject);
        answer.on('end', () =>
          resolve({
            status: answer.statusCode!,
            headers: headersOf(),
            text: Buffer.concat(chunks).toString('utf8'),
          }),
        );
      });
      outgoing.on('timeout', () => outgoing.destroy(new Error('no answer within 20 s')));
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }
}

/** The request as a command that anybody can repeat. */
export function curlOf(url: string, { method, target, headers, body }: RawRequest): string {
  const quoted = (text: string) => `'${text.replaceAll("'", String.raw`'\''`)}'`;
  const named = Object.entries(headers).map(
    ([name, value]) => `-H ${quoted(value === '' ? `${name};` : `${name}: ${value}`)}`,
  );
  const isText = body && /^[\x20-\x7e]*$/.test(body.toString('latin1'));
  const data = !body ? '' : isText ? `--data-binary ${quoted(body.toString())}` : '--data-binary @-';
  const pipe = body && !isText ? `base64 -d <<<${body.toString('base64')} | ` : '';
  return `${pipe}curl -i -X ${method} ${quoted(url + target)} ${named.join(' ')} ${data}`.slice(0, 3000);
}

function isLarge({ headers, body }: RawRequest): boolean {
  return (body?.length ?? 0) > 16_000 || JSON.stringify(headers).length > 8_000;
}
