import { Injectable, Logger } from '@nestjs/common';
import { MalformedEventError, readCartChanged, SentChange, toCartChanged } from '@app/cart';
import { CartTable, Database, Query, toCartRows } from '@app/database';
import { ChangeLogTable } from './change-log.table.js';
import { DeadLetter, DeadLetterTable } from './dead-letter.table.js';
import { RedisFeedback } from './redis.feedback.js';
import { SyncMetrics } from './sync.metrics.js';

/**
 * What MySQL says of a row that will never fit, whoever repeats it: null, out of range, truncated, wrong value, too long,
 * no JSON, a check that failed (MySQL 3819, MariaDB 4025). By number: the driver names some of MariaDB's wrongly.
 */
const UNFIT = new Set([1048, 1264, 1265, 1292, 1366, 1406, 3140, 3819, 4025]);

/** Work of another part that is to be committed together with the changes, or not at all. */
export type AlongWith = (changes: readonly SentChange[], query: Query) => Promise<void>;

/** Brings the events of one message into MySQL: cart rows and change log in one transaction. */
@Injectable()
export class CartChangedWriter {
  private readonly logger = new Logger(CartChangedWriter.name);
  private readonly alongside: AlongWith[] = [];

  constructor(
    private readonly database: Database,
    private readonly table: CartTable,
    private readonly changeLog: ChangeLogTable,
    private readonly deadLetters: DeadLetterTable,
    private readonly feedback: RedisFeedback,
    private readonly metrics: SyncMetrics,
  ) {}

  /** Has this done in the transaction of every change from now on. It may be repeated with the same changes. */
  commitAlong(work: AlongWith): void {
    this.alongside.push(work);
  }

  /**
   * Returns only when MySQL has committed: the message may be acknowledged then, and not before. An event that cannot
   * be read or stored is kept as a dead letter and holds up no other; any other failure is thrown, so that the broker
   * delivers again.
   */
  async apply(events: readonly unknown[], messageId: string): Promise<void> {
    const { changes, malformed } = readAll(events, messageId);
    const committed = await this.write(changes, messageId);
    if (malformed.length > 0) await this.bury(malformed);
    for (const { at } of committed) this.metrics.observeLag(Date.now() - at);
    await this.feedback.repairLost(committed);
    await this.feedback.confirmRemovals(committed);
  }

  /**
   * Applies what could not be applied before, all of it or nothing: returns why it still cannot be, `undefined` when
   * MySQL has it. Buries nothing. Throws as {@link apply} does.
   */
  async retry(events: readonly unknown[]): Promise<string | undefined> {
    const { changes, malformed } = readAll(events, '');
    if (malformed[0]) return malformed[0].reason;
    try {
      await this.commit(changes);
    } catch (error) {
      if (!isUnfit(error)) throw error;
      return error.message;
    }
    await this.feedback.repairLost(changes);
    await this.feedback.confirmRemovals(changes);
    return undefined;
  }

  private async commit(changes: readonly SentChange[]): Promise<void> {
    await this.database.transaction(async (query) => {
      await this.table.upsert(changes.flatMap(toCartRows), query);
      await this.changeLog.append(changes, query);
      for (const work of this.alongside) await work(changes, query);
    });
  }

  /** Returns the changes MySQL has now: all but those that were buried. */
  private async write(changes: readonly SentChange[], messageId: string): Promise<readonly SentChange[]> {
    if (changes.length === 0) return [];
    try {
      await this.commit(changes);
      return changes;
    } catch (error) {
      if (!isUnfit(error)) throw error;
      // Halving finds the row that does not fit in a few steps and lets all the others through.
      const [change] = changes;
      if (change && changes.length === 1) {
        const body = JSON.stringify(toCartChanged(change, change.epoch));
        await this.bury([{ messageId, reason: error.message, body }]);
        return [];
      }
      const half = changes.length >> 1;
      const first = await this.write(changes.slice(0, half), messageId);
      return [...first, ...(await this.write(changes.slice(half), messageId))];
    }
  }

  private async bury(letters: readonly DeadLetter[]): Promise<void> {
    await this.deadLetters.add(letters);
    this.metrics.deadLetters.inc(letters.length);
    for (const { messageId, reason } of letters) this.logger.error(`dead letter from ${messageId}: ${reason}`);
  }
}

function isUnfit(error: unknown): error is Error {
  return UNFIT.has((error as { errno?: number }).errno ?? 0);
}

function readAll(events: readonly unknown[], messageId: string) {
  const changes: SentChange[] = [];
  const malformed: DeadLetter[] = [];
  for (const event of events) {
    try {
      changes.push(readCartChanged(event));
    } catch (error) {
      if (!(error instanceof MalformedEventError)) throw error;
      malformed.push({ messageId, reason: error.message, body: JSON.stringify(event) ?? 'undefined' });
    }
  }
  return { changes, malformed };
}
