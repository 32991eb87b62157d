import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import Redlock, { ExecutionError, ExecutionStats, Lock, LockNodeClient, ResourceLockedError } from 'redlock';
import { LockCounters } from './lock.service.js';
import { RedisConnection } from './redis.connection.js';
import { RedlockClient } from './redlock-client.js';

/** `held` by somebody else until the wait ran out, or too few nodes answered: `unreachable`. */
export type Refusal = 'held' | 'unreachable';

/** Between two tries: soon enough for a waiting shopper, spread so that two processes do not try in step. */
const RETRY_MS = 10;
const RETRY_JITTER_MS = 10;
/** How long a mark of a waiting process lives: a few of its tries. */
const WANTED_MS = 100;
/** A grant must still have this part of its lease. */
const USABLE_PART = 0.1;

/**
 * Redlock over the lock nodes. The tries are ours, not redlock's, for each one of its own keeps the token and the start
 * of the first: it finds the minority it holds itself "locked", it counts the time spent waiting into the lease (so a
 * grant can have run out when it comes), and it waits in vain when the nodes are down.
 */
export class LockNodes {
  readonly #redlock: Redlock;
  readonly #clients: readonly RedlockClient[];
  readonly #releases = new Set<Promise<void>>();

  constructor(
    connections: readonly RedisConnection[],
    private readonly counters: LockCounters,
  ) {
    this.#clients = connections.map((connection) => new RedlockClient(connection));
    const voters: LockNodeClient[] = [...this.#clients];
    // With an even number a draw is possible, and redlock then never answers at all. The quorum stays the same.
    if (voters.length % 2 === 0) voters.push(NO_VOTER);
    this.#redlock = new CheapTokenRedlock(voters, { retryCount: 0 });
  }

  /** Tries until it is granted or `waitMs` are over, at least once; does not wait for nodes that are down. */
  async acquire(name: string, waitMs: number, leaseMs: number): Promise<Lock | Refusal> {
    const until = performance.now() + waitMs;
    for (;;) {
      const result = await this.#try(name, leaseMs);
      if (result !== 'held') return result;
      const pause = RETRY_MS + Math.random() * RETRY_JITTER_MS;
      if (performance.now() + pause > until) return 'held';
      this.#markWanted(name);
      await delay(pause);
    }
  }

  /**
   * Gives a lock back. The release is on its way when this returns, before anything sent later on the same
   * connections, so nobody needs to wait for it. Never throws: the work is done, and the lease ends by itself.
   */
  release(lock: Lock): Promise<void> {
    const release = this.#redlock.release(lock).then(
      () => undefined,
      (error: unknown) => this.#countFailedRelease(error),
    );
    this.#releases.add(release);
    void release.then(() => this.#releases.delete(release));
    return release;
  }

  /** Whether another process has been waiting for the name of late. */
  async isWanted(name: string): Promise<boolean> {
    const answers = this.#clients.map(({ connection }) => connection.command<number>(['EXISTS', wantedKey(name)]));
    const marks = await Promise.allSettled(answers);
    return marks.some((mark) => mark.status === 'fulfilled' && mark.value === 1);
  }

  /** Resolves when every release has been answered or has failed, which the deadline of the connections bounds. */
  async released(): Promise<void> {
    while (this.#releases.size > 0) await Promise.all(this.#releases);
  }

  async #try(name: string, leaseMs: number): Promise<Lock | Refusal> {
    try {
      const lock = await this.#redlock.acquire([name], leaseMs);
      if (lock.expiration - Date.now() > leaseMs * USABLE_PART) return lock;
      this.counters.expiredGrant += 1;
      void this.release(lock);
      return 'held';
    } catch (error) {
      const stats = await lastVotes(error);
      return refusalOf(stats);
    }
  }

  /** Best effort: without the mark the waiting process has to meet a gap by chance. */
  #markWanted(name: string): void {
    for (const { connection } of this.#clients) {
      connection.command(['SET', wantedKey(name), '1', 'PX', String(WANTED_MS)]).catch(() => undefined);
    }
  }

  async #countFailedRelease(error: unknown): Promise<void> {
    if (!(error instanceof ExecutionError)) throw error;
    if (refusalOf(await lastVotes(error)) === 'held') this.counters.lateRelease += 1;
    else this.counters.lostRelease += 1;
  }
}

/** Redlock asks the kernel for random bytes at each acquire: 4 µs, a quarter of its cost. Node keeps a stock for UUIDs. */
class CheapTokenRedlock extends Redlock {
  protected override _random(): string {
    return randomUUID();
  }
}

/** Fills an even number of nodes up; refuses everything. */
const NO_VOTER: LockNodeClient = {
  evalsha: () => Promise.reject(new Error('not a node')),
  eval: () => Promise.reject(new Error('not a node')),
  quit: () => Promise.resolve(),
};

/** Somebody holds the name only when the nodes that answered could have made a quorum. */
export function refusalOf(stats: Pick<ExecutionStats, 'membershipSize' | 'quorumSize' | 'votesAgainst'>): Refusal {
  const silent = [...stats.votesAgainst.values()].filter((error) => !(error instanceof ResourceLockedError)).length;
  return stats.membershipSize - silent >= stats.quorumSize ? 'held' : 'unreachable';
}

async function lastVotes(error: unknown): Promise<ExecutionStats> {
  const votes = error instanceof ExecutionError ? await error.attempts.at(-1) : undefined;
  if (!votes) throw error;
  return votes;
}

function wantedKey(name: string): string {
  return `${name}:wanted`;
}
