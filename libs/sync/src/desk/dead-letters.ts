import { Injectable } from '@nestjs/common';
import { AppError } from '@app/common';
import { CART_CHANGED, toCartChanged } from '@app/cart';
import { parseOutboxEntry } from '@app/database';
import { CartChangedWriter } from '../cart-changed.writer.js';
import { DeadLetterTable, KeptLetter } from '../dead-letter.table.js';

const UTF_8 = new TextDecoder('utf-8', { fatal: true });
/** Older than every epoch: what Redis has lost of it is offered back. */
const NO_EPOCH = 0;

/** Tries dead letters again, after whatever kept them from being applied was mended. */
@Injectable()
export class DeadLetters {
  constructor(
    private readonly table: DeadLetterTable,
    private readonly writer: CartChangedWriter,
  ) {}

  /**
   * Applies a letter as the consumer would have. It stays, with the new reason, when it still cannot be applied; one that
   * was replayed before is left as it is. Throws NOT_FOUND for an id that is none.
   */
  async replay(id: string): Promise<KeptLetter> {
    const letter = await this.find(id);
    if (letter.replayedAt !== null) return letter;
    const reason = await this.attempt((await this.table.bodyOf(id)) ?? Buffer.alloc(0));
    // A crash in between leaves it waiting; applying it once more changes nothing.
    await (reason === undefined ? this.table.markReplayed(id) : this.table.keep(id, reason));
    return this.find(id);
  }

  private async attempt(body: Buffer): Promise<string | undefined> {
    let events: unknown[];
    try {
      events = eventsIn(body);
    } catch (error) {
      return `not readable: ${(error as Error).message}`;
    }
    return this.writer.retry(events);
  }

  private async find(id: string): Promise<KeptLetter> {
    const letter = await this.table.find(id);
    if (!letter) throw new AppError('NOT_FOUND', [], 'There is no such dead letter');
    return letter;
  }
}

/** Of a single event, an entry of the outbox, or a whole message: whatever gave up kept what it had in its hands. */
function eventsIn(body: Buffer): unknown[] {
  const value: unknown = JSON.parse(UTF_8.decode(body));
  const { fields, pattern, data } = (value ?? {}) as { fields?: unknown; pattern?: unknown; data?: unknown };
  if (Array.isArray(fields)) return [toCartChanged(parseOutboxEntry(fields.map(String)), NO_EPOCH)];
  if (pattern === undefined) return [value].flat();
  if (pattern !== CART_CHANGED) throw new Error('nobody here listens to its pattern');
  return [data].flat();
}
