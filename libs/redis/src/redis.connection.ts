import { Logger } from '@nestjs/common';
import { createClient, DisconnectsClientError } from 'redis';
import { RedisTimeoutError, RedisUnavailableError, toRedisError } from './redis.errors.js';
import { Script } from './scripts.js';
import { within } from './within.js';

export interface RedisConnectionOptions {
  url: string;
  /** Names the connection in the log. */
  name?: string;
  /** Milliseconds a reply may take; 0 = for ever (blocking commands). */
  deadlineMs?: number;
  /** Commands waiting for a reply; one more is refused. */
  maxInFlight?: number;
}

export type RedisStatus = 'connecting' | 'ready' | 'closed';
export type RedisClient = ReturnType<typeof newClient>;

const CONNECT_TIMEOUT_MS = 2000;
const LONGEST_PAUSE_MS = 1000;
/** The deadline is checked in this many steps, so a time-out is at most a tenth late. */
const STEPS = 10;

/**
 * One connection to Redis that heals by itself.
 *
 * Deadline: replies come in the order of the commands, so it is enough to count. Each tick notes how many commands
 * were sent; when that many replies have not come a deadline later, the connection is taken for dead and replaced,
 * which fails all that was in flight. No timer, no AbortSignal and no closure per command. Ticks are counted, not
 * clocked, so a stall of this process does not look like one of Redis.
 */
export class RedisConnection {
  #client: RedisClient;
  #status: RedisStatus = 'connecting';
  #started = false;
  #reported = false;
  #sent = 0;
  #answered = 0;
  #step = 0;
  #lastMove = 0;
  #timedOut = false;
  #ticker: NodeJS.Timeout | undefined;
  #markReady!: () => void;
  readonly #firstReady = new Promise<void>((resolve) => (this.#markReady = resolve));
  readonly #sentAt = new Array<number>(STEPS).fill(0);
  readonly #readyListeners: (() => void)[] = [];
  readonly #log = new Logger(RedisConnection.name);
  readonly #options: Required<RedisConnectionOptions>;

  constructor(options: RedisConnectionOptions) {
    this.#options = { name: 'redis', deadlineMs: 500, maxInFlight: 10_000, ...options };
    this.#client = this.#create();
  }

  /** For what `command` and `run` do not cover. Take it afresh for each use: a new connection is a new client. */
  get client(): RedisClient {
    return this.#client;
  }

  get status(): RedisStatus {
    return this.#status;
  }

  /** Commands that wait for a reply. */
  get inFlight(): number {
    return this.#sent - this.#answered;
  }

  /**
   * Starts to connect, and goes on trying for ever in the background. Returns when connected for the first time, or
   * after `waitMs` all the same: the service starts without Redis. Never throws.
   */
  async connect(waitMs = 1000): Promise<void> {
    if (!this.#started && this.#status !== 'closed') {
      this.#started = true;
      const { deadlineMs } = this.#options;
      if (deadlineMs > 0) this.#ticker = setInterval(this.#tick, Math.max(1, deadlineMs / STEPS)).unref();
      this.#dial();
    }
    await within(this.#firstReady, waitMs);
  }

  /** Called at each new connection, also the first. */
  onReady(listener: () => void): void {
    this.#readyListeners.push(listener);
  }

  /**
   * Sends one command as it is.
   * @throws {RedisUnavailableError} not connected, lost or refused; see its `outcome`
   * @throws {RedisTimeoutError} no reply within the deadline
   */
  command<T>(args: readonly (string | Buffer)[]): Promise<T> {
    if (this.inFlight >= this.#options.maxInFlight) return Promise.reject(this.#tooMany());
    this.#sent += 1;
    return this.#client.sendCommand(args).then(this.#onReply, this.#onFailure) as Promise<T>;
  }

  /** Runs a script by its hash; a server that does not know it (restart, SCRIPT FLUSH) gets the text. Throws as `command`. */
  run(script: Script, keys: readonly string[], args: readonly (string | Buffer)[]): Promise<unknown> {
    if (keys.length !== script.keyCount) {
      return Promise.reject(new TypeError(`${script.name} takes ${script.keyCount} keys, not ${keys.length}`));
    }
    if (this.inFlight >= this.#options.maxInFlight) return Promise.reject(this.#tooMany());
    this.#sent += 1;
    const command = ['EVALSHA', script.sha1, script.keyCountText, ...keys, ...args];
    return this.#client.sendCommand(command).then(this.#onReply, (error: unknown) => {
      // An unknown hash means that nothing ran, so sending the text cannot apply the script twice.
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) return this.#onFailure(error);
      this.#answered += 1;
      command[0] = 'EVAL';
      command[1] = script.source;
      return this.command(command);
    });
  }

  /** Throws as `command`. */
  async ping(): Promise<void> {
    await this.command(['PING']);
  }

  /** Which life of which server this is; another after a restart or a failover. Throws as `command`. */
  async runId(): Promise<string> {
    const info = await this.command<string>(['INFO', 'server']);
    const runId = /^run_id:(\w+)/m.exec(info)?.[1];
    if (!runId) throw new Error('Redis does not say its run id');
    return runId;
  }

  /** What Redis's clock says, ms since 1970: scripts write its times, and only it may be compared with them. */
  async time(): Promise<number> {
    const [seconds, micros] = await this.command<[seconds: string, micros: string]>(['TIME']);
    return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
  }

  /** A second connection to the same Redis, connecting in the background; whoever asks for it closes it. */
  duplicate(overrides: Omit<RedisConnectionOptions, 'url'> = {}): RedisConnection {
    const connection = new RedisConnection({ ...this.#options, ...overrides });
    void connection.connect(0);
    return connection;
  }

  /** Waits for the replies under way, at most `graceMs`, then hangs up for good. Never throws. */
  async close(graceMs = 1000): Promise<void> {
    if (this.#status === 'closed') return;
    const wasReady = this.#status === 'ready';
    this.#status = 'closed';
    clearInterval(this.#ticker);
    this.#markReady();
    if (wasReady) await within(this.#client.close(), graceMs).catch(() => false);
    this.#timedOut = false;
    this.#client.destroy();
  }

  readonly #onReply = <T>(reply: T): T => {
    this.#answered += 1;
    return reply;
  };

  readonly #onFailure = (error: unknown): never => {
    this.#answered += 1;
    if (error instanceof DisconnectsClientError && this.#timedOut) {
      throw new RedisTimeoutError(`No reply from Redis within ${this.#options.deadlineMs} ms`, { cause: error });
    }
    if (error instanceof Error && error.message.startsWith('READONLY')) this.#moveAway();
    throw toRedisError(error);
  };

  readonly #tick = (): void => {
    this.#step = (this.#step + 1) % STEPS;
    if (this.#answered < (this.#sentAt[this.#step] as number)) this.#replace('no reply within the deadline', true);
    this.#sentAt[this.#step] = this.#sent;
  };

  /** A demoted primary answers for ever; only a new connection finds the new one behind the same name. */
  #moveAway(): void {
    const now = performance.now();
    if (this.#status !== 'ready' || now - this.#lastMove < LONGEST_PAUSE_MS) return;
    this.#lastMove = now;
    this.#replace('it has become read-only', false);
  }

  /** node-redis cannot drop a socket that seems open, so the whole client goes, and all it had in flight fails. */
  #replace(reason: string, timedOut: boolean): void {
    if (this.#status === 'closed') return;
    this.#onDown(reason);
    const old = this.#client;
    this.#client = this.#create();
    this.#timedOut = timedOut;
    old.destroy();
    this.#dial();
  }

  #dial(): void {
    this.#client.connect().catch(() => undefined); // every failure was reported as an 'error' event
  }

  #create(): RedisClient {
    const client = newClient(this.#options.url, `shopping-cart:${this.#options.name}`);
    // No time limit of node-redis covers its handshake: a server that accepts and is silent would hold us for ever.
    let handshake: NodeJS.Timeout | undefined;
    client.on('connect', () => {
      handshake = setTimeout(() => {
        if (client === this.#client) this.#replace('no reply to the handshake', false);
      }, CONNECT_TIMEOUT_MS).unref();
    });
    client.on('ready', () => {
      clearTimeout(handshake);
      if (client === this.#client) this.#onUp();
    });
    client.on('error', (error: Error) => {
      clearTimeout(handshake);
      if (client !== this.#client) return;
      // Still ready: the reply could not be parsed, so nothing after it can be trusted.
      if (client.isReady) this.#replace(reasonOf(error), false);
      else this.#onDown(reasonOf(error));
    });
    return client;
  }

  #onUp(): void {
    if (this.#status === 'closed') return;
    this.#status = 'ready';
    this.#reported = false;
    this.#markReady();
    this.#log.log(`${this.#options.name}: connected`);
    for (const listener of this.#readyListeners) listener();
  }

  /** Once per outage: the attempts that follow say nothing new. */
  #onDown(reason: string): void {
    if (this.#status === 'closed') return;
    this.#status = 'connecting';
    if (this.#reported) return;
    this.#reported = true;
    this.#log.warn(`${this.#options.name}: not connected, trying for ever (${reason})`);
  }

  #tooMany(): RedisUnavailableError {
    return new RedisUnavailableError(`${this.#options.maxInFlight} commands wait for Redis`, 'not-sent');
  }
}

function newClient(url: string, name: string) {
  return createClient({
    url,
    // Its reply is also the proof that somebody is there: the kernel accepts connections for a stopped process.
    name,
    // Measured on 120 fields: decoding costs the same or less than RESP 3, whose maps cost most.
    RESP: 2,
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    // node-redis would make an AbortSignal per command, and it covers only what is not yet written.
    commandOptions: { timeout: undefined },
    socket: {
      connectTimeout: CONNECT_TIMEOUT_MS,
      keepAliveInitialDelay: 5000,
      reconnectStrategy: (retries) =>
        Math.min(LONGEST_PAUSE_MS, 50 * 2 ** Math.min(retries, 10)) * (0.75 + Math.random() / 4),
    },
  });
}

/** An AggregateError (all addresses of a name failed) has no message of its own. */
function reasonOf(error: Error): string {
  return error.message || (error as NodeJS.ErrnoException).code || error.name;
}
