import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Lock } from 'redlock';
import { LockBusyError, NestedLockError } from './lock.errors.js';
import { LockNodes } from './lock-nodes.js';
import { SHARED_CALLERS, Line, Turn } from './lock-turns.js';
import { Locked, LockLimits, LockService, LockStep, TryResult } from './lock.service.js';
import { RedisConnection } from './redis.connection.js';
import { RedlockClient } from './redlock-client.js';
import { TakenLocks } from './taken-locks.js';
import { within } from './within.js';

export interface RedlockOptions {
  /** The lock nodes, independent of each other. */
  nodes: readonly RedisConnection[];
  /** Whether they serve locks alone, and `close` hangs up on them. Else the one node is the live Redis. */
  ownsNodes: boolean;
  waitMs: number;
  leaseMs: number;
  /** Throw when a lock is asked for while one is held. It follows every promise, so not in production. */
  refuseNesting: boolean;
}

/** Turns of one name in this process, the open one included; callers beyond are refused at once. */
const MOST_TURNS = 100;
/** After holding a name for so long without a gap, a process steps back if another waits: longer than its pause. */
const FAIR_MS = 50;
const STEP_BACK_MS = 30;

/**
 * Locks on one or several Redis nodes. The process queues its own callers in turns, so that the nodes see one request
 * per turn and not one per caller. A turn asks for the lock after the one before it has sent its release: commands on
 * one connection stay in order.
 */
export class RedlockService extends LockService {
  readonly #lines = new Map<string, Line>();
  readonly #nodes: LockNodes;
  /** Undefined when scripts cannot reach the locks. */
  readonly #taken: TakenLocks | undefined;
  readonly #tokens = randomUUID();
  #lastToken = 0;
  readonly #held: AsyncLocalStorage<{ name: string; isOver: boolean }> | undefined;

  constructor(private readonly options: RedlockOptions) {
    super();
    this.#nodes = new LockNodes(options.nodes, this.counters);
    const [live] = options.ownsNodes ? [] : options.nodes;
    this.#taken = live && new TakenLocks(new RedlockClient(live), this.counters);
    this.#held = options.refuseNesting ? new AsyncLocalStorage() : undefined;
  }

  async shared<T>(name: string, work: () => Promise<T>): Promise<T> {
    this.#refuseNesting(name);
    return this.#enter(name, this.#sharedTurn(name), work);
  }

  async guarded<T extends { code: string }>(name: string, work: (step?: LockStep) => Promise<T | Locked>): Promise<T> {
    this.#refuseNesting(name);
    const turn = this.#taken && this.#stepTurn(name);
    if (turn) {
      const result = await this.#enterStep(name, turn, work);
      if (!isLocked(result)) return result;
    }
    const shared = this.#sharedTurn(name);
    const result = await this.#enter(name, shared, () => work(this.#stepUnder(shared.lock)));
    // The lease ran out before the script came, and somebody else took the lock.
    if (isLocked(result)) throw this.#busy();
    return result;
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
    await Promise.all([this.#nodes.released(), this.#taken?.released()]);
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

  /** As `#enter`, for a turn whose scripts take the lock. */
  async #enterStep<T extends { code: string }>(
    name: string,
    turn: Turn,
    work: (step?: LockStep) => Promise<T | Locked>,
  ): Promise<T | Locked> {
    let isRefused = false;
    try {
      const result = await (this.#held ? this.#runMarked(name, () => work(turn.step)) : work(turn.step));
      isRefused = isLocked(result);
      return result;
    } finally {
      // An answer that never came may have been a grant.
      if (isRefused) turn.isRefused = true;
      else if (!turn.isTaken) {
        turn.isTaken = true;
        this.counters.acquired += 1;
      }
      this.#leave(name, turn);
    }
  }

  /** The turn under way, joined, or a new one: one whose lock redlock asks for. */
  #sharedTurn(name: string): Turn {
    const last = this.#lines.get(name)?.last;
    if (last && !last.step && last.admits(performance.now())) return this.#join(last);
    return this.#newTurn(name, SHARED_CALLERS, this.options);
  }

  #join(turn: Turn): Turn {
    turn.admitted += 1;
    turn.inside += 1;
    this.counters.joined += 1;
    return turn;
  }

  /** A turn whose scripts take the lock; none while another kind is under way, or when others should get their turn. */
  #stepTurn(name: string): Turn | undefined {
    const line = this.#lines.get(name);
    const now = performance.now();
    if (line?.last.step && line.last.admits(now)) return this.#join(line.last);
    if (line && (!line.last.isOver || now - line.since > FAIR_MS)) return undefined;
    const turn = new Turn(SHARED_CALLERS);
    turn.step = { token: `${this.#tokens}:${(this.#lastToken += 1)}`, leaseMs: this.options.leaseMs };
    turn.open();
    if (line) {
      this.#taken?.flush();
      line.last = turn;
      line.turns += 1;
    } else {
      this.#lines.set(name, { last: turn, turns: 1, since: now });
    }
    return turn;
  }

  /** What a script on the live Redis checks while redlock holds the lock. */
  #stepUnder(lock: Lock | undefined): LockStep | undefined {
    return this.#taken && lock && { token: lock.value, leaseMs: this.options.leaseMs };
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
    turn.open();
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
    else if (turn.step && turn.isTaken) this.#taken?.release(name, turn.step.token, forget);
    else forget();
    if (!turn.onOver) return;
    // The next turn asks for the lock behind this release.
    this.#taken?.flush();
    turn.onOver();
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

function isLocked(result: { code: string }): result is Locked {
  return result.code === 'LOCKED';
}
