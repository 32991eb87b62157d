import { EventEmitter, once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { LoggerService } from '@nestjs/common';
import type { BaseClient, ILogger } from 'rocketmq-client-nodejs';
import { RocketmqChannel } from './rocketmq.channel.js';
import { clientLogger } from './rocketmq.logger.js';
import type { ResolvedOptions } from './rocketmq.options.js';
import { backOffMs, pause, settledWithin, within } from './timing.js';
import { TransportClosedError, TransportUnavailableError } from './transport.errors.js';
import { describeError, type TransportState, type TransportStatus } from './transport.status.js';

/** Failed calls in a row after which the client is thrown away: a new one also means a new TCP connection. */
const FAILURES_TO_RECONNECT = 3;

interface Started<C> {
  readonly client: C;
  readonly channel: RocketmqChannel;
}

type Limits = Pick<ResolvedOptions, 'startupTimeoutMs' | 'closeTimeoutMs' | 'reconnect'>;

/**
 * Keeps one client of the broker alive: starts it in the background, with a time limit of its own and for as many
 * attempts as it takes; replaces it when its calls keep failing; ends it in bounded time whatever state it is in.
 */
export class RocketmqConnection<C extends BaseClient> {
  readonly #closing = new AbortController();
  readonly #events = new EventEmitter();
  #status: TransportStatus = { state: 'connecting', since: new Date() };
  #running: Promise<void> | undefined;
  #attempt: Promise<C> | undefined;
  #current: Started<C> | undefined;
  #failures = 0;
  #abandonAttempt: () => void = () => undefined;

  constructor(
    private readonly create: (logger: ILogger) => C,
    private readonly limits: Limits,
    private readonly logger: LoggerService,
    private readonly onState: (state: TransportState) => void,
  ) {}

  get status(): TransportStatus {
    return this.#status;
  }

  get client(): C | undefined {
    return this.#current?.client;
  }

  /** Begins to connect. Never fails: the status tells how it goes. */
  start(): void {
    if (!this.#running && !this.#closing.signal.aborted) {
      this.onState(this.#status.state);
      // The first attempt is begun before this returns, so that a caller of connect() finds it.
      this.#running = this.#keepConnected();
    }
  }

  /**
   * The client, or the outcome of the attempt that is under way; every caller shares it.
   * @throws {TransportUnavailableError} at once while the connection waits for its next attempt
   * @throws {TransportClosedError}
   */
  async connect(): Promise<C> {
    if (this.#closing.signal.aborted) {
      throw new TransportClosedError();
    }
    this.start();
    if (this.#current) {
      return this.#current.client;
    }
    if (!this.#attempt) {
      throw new TransportUnavailableError(`The broker is not connected: ${this.#status.lastError ?? 'no attempt yet'}`);
    }
    return this.#attempt;
  }

  /** The client, however long it takes. Rejects when the connection is closed. */
  async ready(): Promise<C> {
    this.start();
    while (!this.#current) {
      await once(this.#events, 'connected', { signal: this.#closing.signal });
    }
    return this.#current.client;
  }

  /** To be told of every call that worked, and, with the error, of every one that did not. */
  report(client: C, error?: unknown): void {
    if (client !== this.#current?.client) {
      return;
    }
    if (error === undefined) {
      this.#failures = 0;
      this.#setState('connected');
      return;
    }
    this.#failures += 1;
    this.#setState('down', describeError(error));
    if (this.#failures >= FAILURES_TO_RECONNECT) {
      this.#events.emit('lost');
    }
  }

  /** Cancels a long poll, for a consumer that is about to close. */
  stopReceiving(): void {
    this.#current?.channel.stopReceiving();
  }

  /** Resolves within `timeoutMs`, and never rejects. */
  async close(timeoutMs = this.limits.closeTimeoutMs): Promise<void> {
    this.#closing.abort();
    this.#abandonAttempt();
    await settledWithin(this.#running ?? Promise.resolve(), timeoutMs);
    this.#current?.channel.close();
    this.#setState('down', 'closed');
  }

  async #keepConnected(): Promise<void> {
    for (let failures = 0; !this.#closing.signal.aborted;) {
      try {
        this.#attempt = this.#connectOnce();
        await this.#attempt;
        failures = 0;
        await once(this.#events, 'lost', { signal: this.#closing.signal }).catch(() => undefined);
      } catch (error) {
        failures += 1;
        this.#setState('down', describeError(rootCause(error)));
      }
      this.#attempt = undefined;
      await this.#dispose();
      if (failures > 0) {
        await pause(backOffMs(failures, this.limits.reconnect), this.#closing.signal);
      }
    }
  }

  async #connectOnce(): Promise<C> {
    const { startupTimeoutMs, closeTimeoutMs } = this.limits;
    const logger = clientLogger(this.logger);
    const client = this.create(logger);
    let abandon: (error: Error) => void = () => undefined;
    const abandoned = new Promise<never>((_, reject) => (abandon = reject));
    this.#abandonAttempt = () => abandon(new TransportClosedError());
    const channel = RocketmqChannel.install(client, logger, abandon);
    try {
      const late = () => new Error(`The RocketMQ client did not start within ${startupTimeoutMs} ms`);
      await within(Promise.race([client.startup(), abandoned]), startupTimeoutMs, late);
    } catch (error) {
      await end({ client, channel }, closeTimeoutMs);
      throw error instanceof TransportClosedError
        ? error
        : new TransportUnavailableError(`The broker is not connected: ${describeError(rootCause(error))}`, {
            cause: error,
          });
    }
    this.#current = { client, channel };
    this.#failures = 0;
    this.#setState('connected');
    this.#events.emit('connected');
    return client;
  }

  async #dispose(): Promise<void> {
    const started = this.#current;
    this.#current = undefined;
    if (started) {
      await end(started, this.limits.closeTimeoutMs);
    }
  }

  #setState(state: TransportState, lastError?: string): void {
    const changed = state !== this.#status.state;
    this.#status = { state, since: changed ? new Date() : this.#status.since, lastError };
    if (!changed) {
      return;
    }
    if (state === 'connected') {
      this.logger.log('The broker is connected');
    } else if (!this.#closing.signal.aborted) {
      this.logger.warn(`The broker is ${state}: ${lastError}`);
    }
    this.onState(state);
  }
}

/** Lets go of everything that a client holds, also of one that never came up. */
async function end({ client, channel }: Started<BaseClient>, timeoutMs: number): Promise<void> {
  if (!client.isRunning()) {
    // Its start-up may still be under way and would set its timers after the shutdown; without calls it cannot go on.
    channel.close();
    await nextTurn();
  }
  await settledWithin(client.shutdown(), timeoutMs);
  channel.close();
}

/** The client wraps what gRPC said twice over. */
function rootCause(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? rootCause(error.cause) : error;
}
