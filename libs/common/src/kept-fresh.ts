import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { RepeatedWarning } from './repeated-warning.js';

/** Between two looks, ms: a change by another instance shows within a second. */
const EVERY_MS = 900;
/** The longest pause between two looks while the source is away, ms. */
const SLOWEST_MS = 5_000;
/** How long the start waits for the first look, ms. */
const START_MS = 2_000;

/** Looks at the source; what it returns puts in force what was seen. */
export type Look = () => Promise<() => void>;

/**
 * Keeps what a process knows equal to its source in MySQL, so that requests are answered from memory. While the source is
 * away the last that was seen stays in force.
 */
export class KeptFresh {
  private readonly trouble: RepeatedWarning;
  private timer: NodeJS.Timeout | undefined;
  private pause = EVERY_MS;
  private isStopping = false;
  private turn = 0;
  private latestTurn = 0;

  /** `name` says in the log what is looked at. */
  constructor(
    name: string,
    private readonly look: Look,
  ) {
    this.trouble = new RepeatedWarning(new Logger(KeptFresh.name), `${name} not read`);
  }

  /** The first look, unless it takes too long; from then on it looks by itself. */
  async start(): Promise<void> {
    const waited = new AbortController();
    const late = delay(START_MS, undefined, { signal: waited.signal }).catch(() => undefined);
    await Promise.race([this.lookAgain(), late]);
    waited.abort();
  }

  stop(): void {
    this.isStopping = true;
    clearTimeout(this.timer);
  }

  /** Looks now. A look that began later has the last word, whichever answer arrives first. */
  async refresh(): Promise<void> {
    const turn = ++this.turn;
    const putInForce = await this.look();
    if (turn < this.latestTurn) return;
    this.latestTurn = turn;
    putInForce();
  }

  private async lookAgain(): Promise<void> {
    try {
      await this.refresh();
      this.pause = EVERY_MS;
      this.trouble.worked();
    } catch (error) {
      if (!this.isStopping) this.trouble.failed((error as Error).message);
      this.pause = Math.min(this.pause * 2, SLOWEST_MS);
    }
    if (!this.isStopping) this.timer = setTimeout(() => void this.lookAgain(), this.pause).unref();
  }
}
