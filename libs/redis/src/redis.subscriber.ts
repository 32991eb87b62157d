import { Logger } from '@nestjs/common';
import { createClient } from 'redis';
import { RedisUnavailableError } from './redis.errors.js';
import { within } from './within.js';

const CONNECT_TIMEOUT_MS = 2000;
const LONGEST_PAUSE_MS = 1000;
const SUBSCRIBE_MS = 1000;

/**
 * A connection that hears what is published, and heals by itself: after an outage it is subscribed again to all it was.
 * What was published meanwhile is lost; `onReady` tells when to look anew.
 */
export class RedisSubscriber {
  readonly #client: ReturnType<typeof newClient>;
  readonly #readyListeners: (() => void)[] = [];
  readonly #log = new Logger(RedisSubscriber.name);
  #reported = false;

  constructor(
    { url, name }: { url: string; name: string },
    private readonly onMessage: (message: string, channel: string) => void,
  ) {
    this.#client = newClient(url, name);
    this.#client.on('error', (error: Error) => {
      if (!this.#reported) this.#log.warn(`not connected, trying for ever (${error.message || error.name})`);
      this.#reported = true;
    });
    this.#client.on('ready', () => {
      this.#reported = false;
      for (const listener of this.#readyListeners) listener();
    });
  }

  /** Called at each new connection, also the first. */
  onReady(listener: () => void): void {
    this.#readyListeners.push(listener);
  }

  /** Starts to connect, in the background. */
  connect(): void {
    this.#client.connect().catch(() => undefined); // every failure was reported as an 'error' event
  }

  /**
   * Repeating it does no harm.
   * @throws {RedisUnavailableError} Redis has not confirmed it within a second
   */
  async subscribe(channel: string): Promise<void> {
    if (!this.#client.isReady) throw new RedisUnavailableError('Redis is not connected', 'not-sent');
    if (await within(this.#client.subscribe(channel, this.onMessage), SUBSCRIBE_MS)) return;
    throw new RedisUnavailableError('Redis does not confirm a subscription', 'unknown');
  }

  /** Never throws: who is gone hears nothing any more, whatever Redis says. */
  async unsubscribe(channel: string): Promise<void> {
    await within(this.#client.unsubscribe(channel, this.onMessage), SUBSCRIBE_MS).catch(() => false);
  }

  close(): void {
    this.#client.destroy();
  }
}

function newClient(url: string, name: string) {
  return createClient({
    url,
    name: `shopping-cart:${name}`,
    RESP: 2,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    pingInterval: 10_000,
    socket: {
      connectTimeout: CONNECT_TIMEOUT_MS,
      keepAliveInitialDelay: 5000,
      reconnectStrategy: (retries) =>
        Math.min(LONGEST_PAUSE_MS, 50 * 2 ** Math.min(retries, 10)) * (0.75 + Math.random() / 4),
    },
  });
}
