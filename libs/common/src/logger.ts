import type { LoggerService } from '@nestjs/common';
import { type DestinationStream, type LevelWithSilent, type Logger, pino } from 'pino';

/** Whoever reads one of these can act as its owner. */
const SECRETS = ['authorization', 'x-client-cart-id', 'idempotency-key', 'clientCartId', 'token', 'password'];
const PLACES = ['', '*.', '*.*.', '*.*.*.'];

/** Nest says a line for each module and route at start: of interest only when the start itself is looked into. */
const CHATTY = new Set(['InstanceLoader', 'RoutesResolver', 'RouterExplorer']);

/** Nest's logger on pino: one JSON object a line, secrets redacted. `message` may be a text, an Error or `{ msg, … }`. */
export class PinoLogger implements LoggerService {
  private readonly pino: Logger;

  constructor(level: LevelWithSilent | (string & {}), destination?: DestinationStream) {
    const options = {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label: string) => ({ level: label }) },
      redact: { paths: PLACES.flatMap((place) => SECRETS.map((name) => pathOf(place, name))), censor: '[redacted]' },
    };
    // Without a destination pino writes to stdout synchronously: the last line before a crash is not lost.
    this.pino = destination ? pino(options, destination) : pino(options);
  }

  log(message: unknown, ...rest: unknown[]): void {
    this.write(CHATTY.has(String(rest.at(-1))) ? 'debug' : 'info', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }

  /** Nest appends the context as the last text, and to an error its stack before that. */
  private write(
    level: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace',
    message: unknown,
    rest: unknown[],
  ): void {
    const texts = [...rest];
    const context = typeof texts.at(-1) === 'string' ? (texts.pop() as string) : undefined;
    const err = message instanceof Error ? message : texts.find((value) => value instanceof Error);
    const stack = err ? undefined : texts.find((value) => typeof value === 'string');
    const fields = isRecord(message) ? message : {};
    this.pino[level](
      { context, ...(err && { err }), ...(stack !== undefined && { stack }), ...fields },
      textOf(message),
    );
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Error);
}

function textOf(message: unknown): string | undefined {
  if (message instanceof Error) return message.message;
  return isRecord(message) ? undefined : String(message);
}

/** pino's path of a field: names that are no identifiers go in brackets. */
function pathOf(place: string, name: string): string {
  if (!name.includes('-')) return place + name;
  return `${place.slice(0, -1)}["${name}"]`;
}
