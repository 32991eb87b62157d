import type { Lock } from 'redlock';
import { LockStep } from './lock.service.js';

/** One shared grant lets callers in for so long and so many, then the lock goes round. */
const SHARED_MS = 50;
export const SHARED_CALLERS = 256;

/** The callers of one grant, from the moment the first of them asks for it. */
export class Turn {
  admitted = 1;
  inside = 1;
  isOpen = false;
  isOver = false;
  closesAt = Infinity;
  lock: Lock | undefined;
  /** Under which its scripts take the lock themselves; the turn is open from the start then. */
  step: LockStep | undefined;
  /** Whether a script has taken it, as far as anybody knows. */
  isTaken = false;
  /** Somebody else held the lock. */
  isRefused = false;
  onOver: (() => void) | undefined;
  /** False when the wait ran out. */
  granted!: Promise<boolean>;

  constructor(readonly capacity: number) {}

  open(): void {
    this.isOpen = true;
    this.closesAt = performance.now() + SHARED_MS;
  }

  admits(now: number): boolean {
    return this.admitted < this.capacity && !this.isOver && !this.isRefused && now < this.closesAt;
  }
}

/** The turns of one name in this process, one after the other; kept while one is open, waits or is being released. */
export interface Line {
  last: Turn;
  turns: number;
  /** Since when this process has held the name without a gap. */
  since: number;
}
