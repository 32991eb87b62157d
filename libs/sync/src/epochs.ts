import { Injectable, Logger } from '@nestjs/common';
import { keys, loadScripts, RedisConnection } from '@app/redis';

const open = loadScripts(new URL('./lua/', import.meta.url)).get('open-epoch');

/**
 * The epochs of Redis. A restart from an old file, a failover or an empty Redis may have lost changes that are on their
 * way to MySQL or there already; each begins a new epoch. Events carry the epoch of the Redis that held them, so that
 * the consumer knows which of them it has to offer back.
 */
@Injectable()
export class Epochs {
  private readonly logger = new Logger(Epochs.name);
  private readonly listeners: ((epoch: number) => void)[] = [];
  private runId: string | undefined;
  private known: number | undefined;

  constructor(private readonly redis: RedisConnection) {
    // Behind a new connection there may be another server.
    redis.onReady(() => (this.runId = undefined));
  }

  /** The number of the present epoch; it only grows. Throws as the connection does. */
  async current(): Promise<number> {
    const runId = (this.runId ??= await this.redis.runId());
    const [number, began] = (await this.redis.run(open, [keys.epoch], [runId])) as [number: string, began: number];
    const epoch = Number(number);
    if (began === 1) this.logger.warn(`epoch ${epoch} begins: Redis has restarted, or lost its data`);
    if (epoch !== this.known) {
      this.known = epoch;
      for (const listener of this.listeners) listener(epoch);
    }
    return epoch;
  }

  /** Called when this process learns of another epoch than the one it knew; of the first it hears of too. */
  onChange(listener: (epoch: number) => void): void {
    this.listeners.push(listener);
  }
}
