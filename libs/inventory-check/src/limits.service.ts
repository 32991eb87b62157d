import { BeforeApplicationShutdown, Injectable, OnModuleInit } from '@nestjs/common';
import { invalid, KeptFresh, toDto } from '@app/common';
import { CartLimitsInput } from './dto/limits.dto.js';
import { CartLimits, Limits } from './limits.js';
import { SettingTable } from './setting.table.js';

const SETTING = 'limits';

/**
 * Keeps {@link Limits} equal to the `setting` table. While MySQL is away the last known window holds, and ends when it
 * should; a process that has not seen MySQL yet goes by the defaults. Redis has no part in it.
 */
@Injectable()
export class LimitsService implements OnModuleInit, BeforeApplicationShutdown {
  private readonly kept = new KeptFresh(SETTING, () => this.read());

  constructor(
    private readonly limits: Limits,
    private readonly table: SettingTable,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.kept.start();
  }

  beforeApplicationShutdown(): void {
    this.kept.stop();
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

  /** Reads the setting now. */
  refresh(): Promise<void> {
    return this.kept.refresh();
  }

  private async read(): Promise<() => void> {
    // Taken before the query: the window may end a round trip early on this instance, never late.
    const asked = performance.now();
    const stored = await this.table.find(SETTING);
    if (!stored || (stored.remaining !== null && stored.remaining <= 0)) return () => this.limits.close();
    const { value, endsAt, remaining } = stored;
    const window = { limits: toLimits(value), endsAt };
    return () => this.limits.open(window, remaining === null ? Infinity : asked + remaining);
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
