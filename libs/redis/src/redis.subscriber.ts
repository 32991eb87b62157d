import { Logger } from '@nestjs/common';
import { createClient } from 'redis';
import { RedisUnavailableError } from './redis.errors.js';
import { within } from './within.js';

const CONNECT_TIMEOUT_MS = 2000;
const LONGEST_PAUSE_MS = 1000;
const SUBSCRIBE_MS = 1000;
const PING_MS = 10_000;

export interface RedisSubscriberOptions {
  url: string;
  /** Names the connection in Redis. */
  name: string;
  /** Milliseconds between two pings, each of which is to be answered before the next. */
  pingMs?: number;
}

/**
 * A connection that hears what is published, and heals by itself: after an outage it is subscribed again to all it was.
 * What was published meanwhile is lost; `onReady` tells when to look anew.
 *
 * Deadline: a host that died without a word is noticed by the ping it does not answer. node-redis bounds no reply, and
 * the idle time of a socket (`socketTimeout`) begins anew with each subscription that is written to it. It cannot drop a
 * socket that seems open either, so the whole client goes, as in `RedisConnection`.
 */
export class RedisSubscriber {
  #client: ReturnType<typeof newClient>;
  #pinging: NodeJS.Timeout | undefined;
  #reported = false;
  readonly #channels = new Set<string>();
  readonly #readyListeners: (() => void)[] = [];
  readonly #log = new Logger(RedisSubscriber.name);
  readonly #pingMs: number;

  constructor(
    private readonly options: RedisSubscriberOptions,
    private readonly onMessage: (message: string, channel: string) => void,
  ) {
    this.#pingMs = options.pingMs ?? PING_MS;
    this.#client = this.#create();
  }

  /** Called at each new connection, also the first, when it is subscribed to everything again. */
  onReady(listener: () => void): void {
    this.#readyListeners.push(listener);
  }

  /** Starts to connect, in the background. */
  connect(): void {
    this.#pinging = setInterval(() => void this.#ping(), this.#pingMs).unref();
    this.#dial();
  }

  /**
   * Repeating it does no harm.
   * @throws {RedisUnavailableError} Redis has not confirmed it within a second
   */
  async subscribe(channel: string): Promise<void> {
    if (!this.#client.isReady) throw new RedisUnavailableError('Redis is not connected', 'not-sent');
    this.#channels.add(channel);
    if (await within(this.#client.subscribe(channel, this.onMessage), SUBSCRIBE_MS)) return;
    throw new RedisUnavailableError('Redis does not confirm a subscription', 'unknown');
  }

  /** Never throws: who is gone hears nothing any more, whatever Redis says. */
  async unsubscribe(channel: string): Promise<void> {
    this.#channels.delete(channel);
    await within(this.#client.unsubscribe(channel, this.onMessage), SUBSCRIBE_MS).catch(() => false);
  }

  close(): void {
    clearInterval(this.#pinging);
    this.#pinging = undefined;
    this.#client.destroy();
  }

  /** Also while it connects: a host may take the connection and never answer the handshake. */
  async #ping(): Promise<void> {
    const client = this.#client;
    // A failed one is a lost connection, which node-redis replaces by itself.
    const isAnswered = await within(client.ping(), this.#pingMs).catch(() => true);
    if (isAnswered || client !== this.#client || !this.#pinging) return;
    this.#onDown('no reply to a ping');
    this.#client = this.#create();
    client.destroy();
    this.#dial();
  }

  #dial(): void {
    this.#client.connect().catch(() => undefined); // every failure was reported as an 'error' event
  }

  #create() {
    const client = newClient(this.options);
    client.on('error', (error: Error) => {
      if (client === this.#client) this.#onDown(error.message || error.name);
    });
    client.on('ready', () => void this.#onUp(client));
    return client;
  }

  async #onUp(client: ReturnType<typeof newClient>): Promise<void> {
    try {
      // After a lost connection node-redis has done so; a new client knows of no channels.
      if (this.#channels.size > 0) await client.subscribe([...this.#channels], this.onMessage);
    } catch {
      return; // lost again
    }
    if (client !== this.#client) return;
    this.#reported = false;
    for (const listener of this.#readyListeners) listener();
  }

  /** Once per outage: the attempts that follow say nothing new. */
  #onDown(reason: string): void {
    if (!this.#reported) this.#log.warn(`not connected, trying for ever (${reason})`);
    this.#reported = true;
  }
}

function newClient({ url, name }: RedisSubscriberOptions) {
  return createClient({
    url,
    name: `shopping-cart:${name}`,
    RESP: 2,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    socket: {
      connectTimeout: CONNECT_TIMEOUT_MS,
      keepAliveInitialDelay: 5000,
      reconnectStrategy: (retries) =>
        Math.min(LONGEST_PAUSE_MS, 50 * 2 ** Math.min(retries, 10)) * (0.75 + Math.random() / 4),
    },
  });
}
