import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { Lock } from 'redlock';
import { LockBusyError, NestedLockError } from './lock.errors.js';
import { LockNodes } from './lock-nodes.js';
import { LockLimits, LockService, TryResult } from './lock.service.js';
import { RedisConnection } from './redis.connection.js';
import { within } from './within.js';

export interface RedlockOptions {
  /** The lock nodes, independent of each other. */
  nodes: readonly RedisConnection[];
  /** Whether `close` hangs up on the nodes. */
  ownsNodes: boolean;
  waitMs: number;
  leaseMs: number;
  /** Throw when a lock is asked for while one is held. It follows every promise, so not in production. */
  refuseNesting: boolean;
}

/** One shared grant lets callers in for so long and so many, then the lock goes round. */
const SHARED_MS = 50;
const SHARED_CALLERS = 256;
/** Turns of one name in this process, the open one included; callers beyond are refused at once. */
const MOST_TURNS = 100;
/** After holding a name for so long without a gap, a process steps back if another waits: longer than its pause. */
const FAIR_MS = 50;
const STEP_BACK_MS = 30;

/** The callers of one grant, from the moment the first of them asks for it. */
class Turn {
  admitted = 1;
  inside = 1;
  isOpen = false;
  isOver = false;
  closesAt = Infinity;
  lock: Lock | undefined;
  onOver: (() => void) | undefined;
  /** False when the wait ran out. */
  granted!: Promise<boolean>;

  constructor(readonly capacity: number) {}

  admits(now: number): boolean {
    return this.admitted < this.capacity && !this.isOver && now < this.closesAt;
  }
}

/** The turns of one name in this process, one after the other; kept while one is open, waits or is being released. */
interface Line {
  last: Turn;
  turns: number;
  /** Since when this process has held the name without a gap. */
  since: number;
}

/**
 * Locks on one or several Redis nodes. The process queues its own callers in turns, so that the nodes see one request
 * per turn and not one per caller. A turn asks for the lock after the one before it has sent its release: commands on
 * one connection stay in order.
 */
export class RedlockService extends LockService {
  readonly #lines = new Map<string, Line>();
  readonly #nodes: LockNodes;
  readonly #held: AsyncLocalStorage<{ name: string; isOver: boolean }> | undefined;

  constructor(private readonly options: RedlockOptions) {
    super();
    this.#nodes = new LockNodes(options.nodes, this.counters);
    this.#held = options.refuseNesting ? new AsyncLocalStorage() : undefined;
  }

  async shared<T>(name: string, work: () => Promise<T>): Promise<T> {
    this.#refuseNesting(name);
    const now = performance.now();
    const last = this.#lines.get(name)?.last;
    if (last?.admits(now)) {
      last.admitted += 1;
      last.inside += 1;
      this.counters.joined += 1;
      return this.#enter(name, last, work);
    }
    return this.#enter(name, this.#newTurn(name, SHARED_CALLERS, this.options), work);
  }

  async exclusive<T>(name: string, work: () => Promise<T>, limits?: LockLimits): Promise<T> {
    this.#refuseNesting(name);
    return this.#enter(name, this.#newTurn(name, 1, { ...this.options, ...limits }), work);
  }

  async tryExclusive<T>(
    name: string,
    work: () => Promise<T>,
    limits?: Pick<LockLimits, 'leaseMs'>,
  ): Promise<TryResult<T>> {
    this.#refuseNesting(name);
    const isFree = this.#lines.get(name)?.last.isOver ?? true;
    if (!isFree) return { ran: false };
    const turn = this.#newTurn(name, 1, { ...this.options, ...limits, waitMs: 0 });
    let granted = false;
    try {
      granted = await turn.granted;
    } finally {
      if (!granted) this.#leave(name, turn);
    }
    if (!granted) return { ran: false };
    return { ran: true, value: await this.#enter(name, turn, work) };
  }

  async close(): Promise<void> {
    await this.#nodes.released();
    if (this.options.ownsNodes) await Promise.all(this.options.nodes.map((node) => node.close()));
  }

  async #enter<T>(name: string, turn: Turn, work: () => Promise<T>): Promise<T> {
    try {
      if (!turn.isOpen && !(await turn.granted)) throw this.#busy();
      return await (this.#held ? this.#runMarked(name, work) : work());
    } finally {
      this.#leave(name, turn);
    }
  }

  #newTurn(name: string, capacity: number, limits: Required<LockLimits>): Turn {
    const line = this.#lines.get(name);
    if (line && line.turns >= MOST_TURNS) throw this.#busy();
    const turn = new Turn(capacity);
    if (line) {
      const previous = line.last;
      line.last = turn;
      line.turns += 1;
      turn.granted = this.#openAfter(previous, name, line, turn, limits);
    } else {
      this.#lines.set(name, { last: turn, turns: 1, since: performance.now() });
      turn.granted = this.#open(name, turn, limits.waitMs, limits.leaseMs);
    }
    return turn;
  }

  async #open(name: string, turn: Turn, waitMs: number, leaseMs: number): Promise<boolean> {
    const result = await this.#nodes.acquire(name, waitMs, leaseMs);
    if (result === 'held') return false;
    if (result === 'unreachable') {
      this.counters.unreachable += 1;
    } else {
      turn.lock = result;
      this.counters.acquired += 1;
    }
    turn.isOpen = true;
    turn.closesAt = performance.now() + SHARED_MS;
    return true;
  }

  async #openAfter(
    previous: Turn,
    name: string,
    line: Line,
    turn: Turn,
    { waitMs, leaseMs }: Required<LockLimits>,
  ): Promise<boolean> {
    const until = performance.now() + waitMs;
    if (!previous.isOver && !(await within(new Promise<void>((over) => (previous.onOver = over)), waitMs))) {
      return false;
    }
    if (performance.now() - line.since > FAIR_MS) {
      if (await this.#nodes.isWanted(name)) await delay(STEP_BACK_MS);
      line.since = performance.now();
    }
    return this.#open(name, turn, until - performance.now(), leaseMs);
  }

  #leave(name: string, turn: Turn): void {
    turn.inside -= 1;
    if (turn.inside > 0) return;
    turn.isOver = true;
    const line = this.#lines.get(name) as Line;
    line.turns -= 1;
    const forget = () => {
      if (line.turns === 0 && this.#lines.get(name) === line) this.#lines.delete(name);
    };
    // The line stays until the release is answered, so that a caller in a tight loop counts as holding without a gap.
    if (turn.lock) void this.#nodes.release(turn.lock).then(forget);
    else forget();
    turn.onOver?.();
  }

  #busy(): LockBusyError {
    this.counters.busy += 1;
    return new LockBusyError();
  }

  #refuseNesting(name: string): void {
    const held = this.#held?.getStore();
    if (held && !held.isOver) throw new NestedLockError(held.name, name);
  }

  async #runMarked<T>(name: string, work: () => Promise<T>): Promise<T> {
    const held = { name, isOver: false };
    try {
      return await (this.#held as AsyncLocalStorage<typeof held>).run(held, work);
    } finally {
      // What the work left running in the background still carries the mark.
      held.isOver = true;
    }
  }
}
