import { setTimeout as delay } from 'node:timers/promises';
import { BeforeApplicationShutdown, Injectable, Logger, OnModuleInit } from '@nestjs/common';
import { invalid, toDto } from '@app/common';
import { CartLimitsInput } from './dto/limits.dto.js';
import { CartLimits, Limits } from './limits.js';
import { SettingTable } from './setting.table.js';

const SETTING = 'limits';
/** Between two looks, ms: a change by another instance shows within a second. */
const EVERY_MS = 900;
/** The longest pause between two looks while MySQL is away, ms. */
const SLOWEST_MS = 5_000;
/** How long the start waits for the first look, ms. */
const START_MS = 2_000;

/**
 * Keeps {@link Limits} equal to the `setting` table. While MySQL is away the last known window holds, and ends when it
 * should; a process that has not seen MySQL yet goes by the defaults. Redis has no part in it.
 */
@Injectable()
export class LimitsService implements OnModuleInit, BeforeApplicationShutdown {
  private readonly logger = new Logger(LimitsService.name);
  private timer: NodeJS.Timeout | undefined;
  private pause = EVERY_MS;
  private isStopping = false;
  private turn = 0;
  private latestTurn = 0;

  constructor(
    private readonly limits: Limits,
    private readonly table: SettingTable,
  ) {}

  async onModuleInit(): Promise<void> {
    const waited = new AbortController();
    const late = delay(START_MS, undefined, { signal: waited.signal }).catch(() => undefined);
    await Promise.race([this.look(), late]);
    waited.abort();
  }

  beforeApplicationShutdown(): void {
    this.isStopping = true;
    clearTimeout(this.timer);
  }

  /**
   * Sets the limits of every cart, at once on this instance, within a second on the others.
   * Throws VALIDATION_FAILED when the end, in ms since 1970, is not ahead by MySQL's clock.
   */
  async set(limits: CartLimits, endsAt: number | null): Promise<void> {
    if (endsAt !== null && !(await this.table.isAhead(endsAt))) {
      throw invalid([{ field: 'until', message: 'must be in the future' }]);
    }
    await this.table.put(SETTING, limits, endsAt);
    await this.refresh();
  }

  /** Back to the defaults. */
  async reset(): Promise<void> {
    await this.table.remove(SETTING);
    await this.refresh();
  }

  /** Reads the setting now. A look that began later has the last word, whichever answer arrives first. */
  async refresh(): Promise<void> {
    const turn = ++this.turn;
    // Taken before the query: the window may end a round trip early on this instance, never late.
    const asked = performance.now();
    const stored = await this.table.find(SETTING);
    if (turn < this.latestTurn) return;
    this.latestTurn = turn;
    if (!stored || (stored.remaining !== null && stored.remaining <= 0)) return this.limits.close();
    const { value, endsAt, remaining } = stored;
    this.limits.open({ limits: toLimits(value), endsAt }, remaining === null ? Infinity : asked + remaining);
  }

  private async look(): Promise<void> {
    try {
      await this.refresh();
      this.pause = EVERY_MS;
    } catch (error) {
      if (this.pause === EVERY_MS && !this.isStopping) this.logger.warn(`limits not read: ${(error as Error).message}`);
      this.pause = Math.min(this.pause * 2, SLOWEST_MS);
    }
    if (!this.isStopping) this.timer = setTimeout(() => void this.look(), this.pause).unref();
  }
}

/** A row that somebody wrote by hand must not reach the scripts unchecked. */
function toLimits(value: unknown): CartLimits {
  try {
    return toDto(CartLimitsInput, value);
  } catch (error) {
    // Not the fault of whoever asks for the limits.
    throw new Error('the setting "limits" makes no sense', { cause: error });
  }
}
