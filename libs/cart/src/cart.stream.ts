import type { ServerResponse } from 'node:http';
import { compareDecimals } from '@app/database';
import { Badge } from './live-cart.js';

/** Proxies close what is silent for long. */
const HEARTBEAT_MS = 15_000;
/** A stream ends after an hour: the client comes again and proves anew who it is. */
const LIFETIME_MS = 60 * 60 * 1000;
/** What a client has not read; beyond it the client is given up. */
const MOST_UNREAD = 64 * 1024;

/** One client's stream of `cart` events (`text/event-stream`), each with the version as its id; versions only rise. */
export class CartStream {
  private readonly heartbeat: NodeJS.Timeout;
  private readonly lifetime: NodeJS.Timeout;

  /** `lastVersion`: what the client has seen already; "" for nothing. */
  constructor(
    private readonly response: ServerResponse,
    private lastVersion: string,
    onClose: () => void,
  ) {
    this.heartbeat = setInterval(() => this.write(': here\n\n'), HEARTBEAT_MS).unref();
    this.lifetime = setTimeout(() => this.end(), LIFETIME_MS).unref();
    response.once('close', () => {
      clearInterval(this.heartbeat);
      clearTimeout(this.lifetime);
      onClose();
    });
    // The client's own pause before it comes again, ms.
    this.write('retry: 1000\n\n');
  }

  send(version: string, badge: Badge): void {
    if (this.lastVersion !== '' && compareDecimals(version, this.lastVersion) <= 0) return;
    this.lastVersion = version;
    this.write(`id: ${version}\nevent: cart\ndata: ${JSON.stringify({ version, badge })}\n\n`);
  }

  end(): void {
    this.response.end();
  }

  private write(text: string): void {
    if (this.response.writableEnded) return;
    if (this.response.writableLength > MOST_UNREAD) this.response.destroy();
    else this.response.write(text);
  }
}
