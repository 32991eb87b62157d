import { format } from 'node:util';
import type { LoggerService } from '@nestjs/common';
import type { ILogger } from 'rocketmq-client-nodejs';

/**
 * A logger for one RocketMQ client. Without one the client opens a file of its own in the home directory, and
 * `shutdown()` closes whatever logger it was given; so each client gets this throw-away one, which has no `close`.
 *
 * Everything goes to the two lowest levels: what matters also comes back as a rejected call, and is logged once by the
 * caller, while the client repeats itself every second for as long as the broker is away.
 */
export function clientLogger(logger: LoggerService): ILogger {
  const debug = (...args: unknown[]) => void logger.debug?.(format(...args));
  const verbose = (...args: unknown[]) => void logger.verbose?.(format(...args));
  return { debug: verbose, info: verbose, warn: debug, error: debug };
}
