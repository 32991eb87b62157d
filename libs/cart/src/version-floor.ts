import { setTimeout as delay } from 'node:timers/promises';
import { BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { CartTable, compareDecimals } from '@app/database';
import { keys, loadScripts, RedisConnection } from '@app/redis';

const settle = loadScripts(new URL('./lua/', import.meta.url)).get('settle-floor');

/** A write waits this long for the floor behind a new connection; MySQL may be unavailable, and carts go on. */
const WAIT_MS = 300;
const RETRY_MS = 1_000;

/**
 * What the versions of the present epoch begin above: the highest version MySQL had when the epoch began. The clock of a
 * new primary may be behind that of the old one, whose changes MySQL keeps.
 *
 * The floor lies in the epoch's record in Redis. The first process that finds none reads MySQL once and leaves it there;
 * the others take it from there, once for each connection.
 */
@Injectable()
export class VersionFloor implements BeforeApplicationShutdown {
  private readonly logger = new Logger(VersionFloor.name);
  private floor = '0';
  private opening: Promise<unknown> | undefined;
  private round = 0;

  constructor(
    private readonly redis: RedisConnection,
    private readonly table: CartTable,
  ) {
    // Behind a new connection there may be another server.
    redis.onReady(() => this.renew());
    if (redis.status === 'ready') this.renew();
  }

  beforeApplicationShutdown(): void {
    this.round += 1;
  }

  /** Never throws, and hardly ever waits. "0" while no floor was found. */
  async current(): Promise<string> {
    if (this.opening) await this.opening;
    return this.floor;
  }

  /** Looks again, since another epoch has begun. The floor so far holds on: it only grows. */
  renew(): void {
    const round = ++this.round;
    const opening = Promise.race([this.open(round), delay(WAIT_MS, undefined, { ref: false })]).then(() => {
      if (this.opening === opening) this.opening = undefined;
    });
    this.opening = opening;
  }

  private async open(round: number): Promise<void> {
    for (let attempt = 1; round === this.round; attempt++) {
      try {
        const found = await this.find();
        if (compareDecimals(found, this.floor) > 0) this.floor = found;
        return;
      } catch (error) {
        // The next connection looks again.
        if (this.redis.status !== 'ready') return;
        if (attempt === 1) this.logger.warn(`the floor of versions is not known yet: ${(error as Error).message}`);
      }
      await delay(RETRY_MS, undefined, { ref: false });
    }
  }

  private async find(): Promise<string> {
    const runId = await this.redis.runId();
    const known = await this.ask(runId, '');
    return known === '' ? this.ask(runId, await this.table.highestVersion()) : known;
  }

  private async ask(runId: string, offer: string): Promise<string> {
    return (await this.redis.run(settle, [keys.epoch], [runId, offer])) as string;
  }
}
