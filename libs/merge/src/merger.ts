import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import {
  AnswerOptions,
  CartLoader,
  CartOwner,
  CartWriter,
  FrozenCart,
  ItemCheck,
  LiveCart,
  MergeStore,
  MergeTerms,
  WriteOptions,
  WriteResult,
  Written,
} from '@app/cart';
import { crashPoint } from '@app/common';
import { keys, LockService } from '@app/redis';
import { MergePersister } from './merge.persister.js';

/** What a merge came to; `persisted` says whether MySQL has it already. */
export interface Merged {
  /** The same for every merge of this guest cart by this user. */
  id: string;
  written: Written;
  persisted: boolean;
}

/** A process that died held the lock to the end of its lease; whoever repeats its merge waits for that. */
const WAIT_MS = 8_000;

const NOTHING: FrozenCart = { strategy: 'sum', select: 'keep', items: [] };

/**
 * Brings guest carts into user carts in three steps: freeze the guest's, apply it to the user's, close the guest's. Each
 * is harmless to repeat, so a repeat of the request or the sweeper finishes what a crash left half done.
 */
@Injectable()
export class Merger {
  constructor(
    private readonly store: MergeStore,
    private readonly loader: CartLoader,
    private readonly writer: CartWriter,
    private readonly check: ItemCheck,
    private readonly locks: LockService,
    private readonly persister: MergePersister,
  ) {}

  async merge(userId: string, guestId: string, terms: MergeTerms, options: AnswerOptions): Promise<Merged> {
    const user: CartOwner = { kind: 'user', id: userId };
    // A cold cart is loaded before the guest's is closed: without MySQL the guest goes on shopping.
    await this.loader.read(user);
    let cart: LiveCart | undefined;
    const written = await this.writer.write(user, options, async (write) => {
      const result = await this.attempt(userId, guestId, terms, write);
      if (result.code === 'OK') ({ cart } = result);
      return result;
    });
    const persisted =
      written.lines.length < 2 || (await this.persister.persist(userId, cart ?? (await this.loader.read(user))));
    crashPoint('merge-persisted');
    return { id: mergeIdOf(userId, guestId), written, persisted };
  }

  /** Ends a merge that began earlier, under the terms it began with; it begins none. */
  async finish(userId: string, guestId: string): Promise<void> {
    const user: CartOwner = { kind: 'user', id: userId };
    const result = await this.loader.write(user, () => this.attempt(userId, guestId, undefined, {}));
    if (result.code === 'OK') await this.persister.persist(userId, result.cart);
  }

  /** One merge of a user at a time; that it is right is the scripts' doing. Adds go on meanwhile. */
  private attempt(
    userId: string,
    guestId: string,
    terms: MergeTerms | undefined,
    options: WriteOptions,
  ): Promise<WriteResult> {
    // What is written to MySQL before the answer is the whole cart.
    const write = { ...options, minimal: false };
    const work = async () => {
      const frozen = await this.store.freeze(guestId, userId, terms);
      crashPoint('merge-frozen');
      if (frozen === undefined || frozen === 'merged') {
        return this.store.apply(userId, guestId, NOTHING, await this.limitsOf(NOTHING), write);
      }
      // Whatever the reason not to apply, the guest goes on shopping: also while a cold cart is loaded, or cannot be.
      const giveBack = () => this.store.unfreeze(guestId, userId);
      const limits = await this.limitsOf(frozen).catch(async (error: unknown) => {
        await giveBack();
        throw error;
      });
      const result = await this.store.apply(userId, guestId, frozen, limits, write);
      crashPoint('merge-applied');
      await (result.code === 'OK' ? this.store.close(guestId, userId, options.device) : giveBack());
      crashPoint('merge-closed');
      return result;
    };
    return this.locks.exclusive(keys.lock.merge(`user:${userId}`), work, { waitMs: WAIT_MS });
  }

  private limitsOf({ items }: FrozenCart) {
    return this.check.limitsOf(items.map(({ skuId }) => skuId));
  }
}

/** The same guest and user give the same id; nobody can tell the guest from it. */
function mergeIdOf(userId: string, guestId: string): string {
  return createHash('sha256').update(`merge ${userId} ${guestId}`).digest('base64url').slice(0, 22);
}
