import { Injectable } from '@nestjs/common';
import { Env } from '@app/common';

/** How many SKUs a cart may hold, and how much of each. */
export interface CartLimits {
  readonly maxSkus: number;
  readonly maxQuantityPerSku: number;
}

/** Limits an operator has set in place of those of the settings. */
export interface LimitsWindow {
  readonly limits: CartLimits;
  /** When the defaults hold again, ms since 1970; `null`: when the window is deleted. */
  readonly endsAt: number | null;
}

/**
 * The limits of every cart, as this process knows them: the defaults, or those of a window while it lasts. Every request
 * asks, so the answer costs no query and makes no object.
 */
@Injectable()
export class Limits {
  readonly defaults: CartLimits;
  private window: LimitsWindow | undefined;
  /** The end of the window on this process's steady clock, which nobody sets; Infinity: it has none. */
  private endsAtSteady = Infinity;

  constructor(env: Env) {
    this.defaults = Object.freeze({ maxSkus: env.MAX_SKUS, maxQuantityPerSku: env.MAX_QUANTITY_PER_SKU });
  }

  inForce(): CartLimits {
    return this.currentWindow()?.limits ?? this.defaults;
  }

  /** The window, unless it is over. */
  currentWindow(): LimitsWindow | undefined {
    if (this.window && this.endsAtSteady !== Infinity && performance.now() >= this.endsAtSteady) this.close();
    return this.window;
  }

  /** `endsAtSteady`: when it ends on the clock of `performance.now()`, ms. */
  open({ limits: { maxSkus, maxQuantityPerSku }, endsAt }: LimitsWindow, endsAtSteady = Infinity): void {
    this.window = { limits: Object.freeze({ maxSkus, maxQuantityPerSku }), endsAt };
    this.endsAtSteady = endsAtSteady;
  }

  close(): void {
    this.window = undefined;
  }
}
