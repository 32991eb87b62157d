import { Injectable } from '@nestjs/common';
import { Env } from '@app/common';
import { CartItem, formatItem } from '@app/database';
import { GUEST_CART_SECONDS } from '@app/identity';
import { keys, loadScripts, RedisConnection } from '@app/redis';
import { WriteResult } from './cart.result.js';
import { runCartScript, WriteOptions } from './cart.script.js';
import { toItems } from './cart.store.js';
import { LimitsOfItems } from './item-check.js';
import { latestFirst } from './live-cart.js';

const scripts = loadScripts(new URL('./lua/', import.meta.url));
const SCRIPTS = {
  freeze: scripts.get('freeze-guest'),
  unfreeze: scripts.get('unfreeze-guest'),
  apply: scripts.get('apply-merge'),
  close: scripts.get('close-guest'),
};

export type MergeStrategy = 'sum' | 'overwrite' | 'skip' | 'max';
/** What becomes of the flags of the items the user had before. */
export type MergeSelect = 'keep' | 'unselected';

export interface MergeTerms {
  strategy: MergeStrategy;
  select: MergeSelect;
}

/** A guest's cart that is closed to writes until the merge is over; items newest first. */
export interface FrozenCart extends MergeTerms {
  items: CartItem[];
}

/**
 * The three steps of a merge, each one script and each harmless to repeat: freeze the guest's cart, apply it to the
 * user's, close the guest's. They touch one owner's keys each.
 */
@Injectable()
export class MergeStore {
  constructor(
    private readonly redis: RedisConnection,
    private readonly env: Env,
  ) {}

  /**
   * `merged`: this user has merged it before. `undefined`: empty, unknown or another user's. Without terms it only goes
   * on with a merge that has begun.
   */
  async freeze(
    guestId: string,
    userId: string,
    terms: MergeTerms | undefined,
  ): Promise<FrozenCart | 'merged' | undefined> {
    const answer = (await this.redis.run(
      SCRIPTS.freeze,
      [keys.cart(`guest:${guestId}`), keys.merging],
      [userId, guestId, terms?.strategy ?? '', terms?.select ?? ''],
    )) as [code: string, strategy: MergeStrategy, select: MergeSelect, fields: string[]];
    if (answer[0] === 'MERGED') return 'merged';
    if (answer[0] === 'NONE') return undefined;
    const [, strategy, select, fields] = answer;
    return { strategy, select, items: toItems(fields).sort(latestFirst) };
  }

  /** Gives the cart back to the guest, unless another attempt at the same merge may have applied it. */
  async unfreeze(guestId: string, userId: string): Promise<void> {
    await this.redis.run(SCRIPTS.unfreeze, [keys.cart(`guest:${guestId}`), keys.merging], [userId, guestId]);
  }

  /** Without items it changes nothing, and answers what an earlier merge of this guest came to. */
  apply(
    userId: string,
    guestId: string,
    frozen: FrozenCart,
    limits: LimitsOfItems,
    options: WriteOptions,
  ): Promise<WriteResult> {
    return runCartScript(this.redis, {
      script: SCRIPTS.apply,
      owner: { kind: 'user', id: userId },
      ownKeys: [keys.merge(`user:${userId}`, guestId)],
      options,
      outboxMax: this.env.OUTBOX_MAX_ENTRIES,
      args: [
        frozen.strategy,
        frozen.select,
        String(limits.maxSkus),
        String(GUEST_CART_SECONDS),
        ...frozen.items.flatMap((item) => [item.skuId, String(limits.maximumOf(item.skuId)), formatItem(item)]),
      ],
    });
  }

  async close(guestId: string, userId: string, device?: string): Promise<void> {
    await runCartScript(this.redis, {
      script: SCRIPTS.close,
      owner: { kind: 'guest', id: guestId },
      ownKeys: [keys.merging],
      options: { minimal: true, device },
      outboxMax: this.env.OUTBOX_MAX_ENTRIES,
      args: [userId, guestId],
    });
  }

  /** Merges that began this long ago and are not over, oldest first: guest id, and the user whose merge it is. */
  async unfinished(olderThanMs: number, limit: number): Promise<{ guestId: string; userId: string | undefined }[]> {
    const until = String((await this.redis.time()) - olderThanMs);
    const guestIds = await this.redis.command<string[]>([
      ...['ZRANGE', keys.merging, '-inf', until, 'BYSCORE', 'LIMIT', '0', String(limit)],
    ]);
    const marks = guestIds.map((id) => this.redis.command<string | null>(['HGET', keys.cart(`guest:${id}`), '@']));
    return (await Promise.all(marks)).map((mark, i) => ({
      guestId: guestIds[i]!,
      userId: /^frozen (\d+) /.exec(mark ?? '')?.[1],
    }));
  }

  /** A merge that cannot be finished now is looked at again later; one whose cart is gone is forgotten. */
  async postpone(guestId: string, userId: string | undefined): Promise<void> {
    if (userId === undefined) await this.redis.command(['ZREM', keys.merging, guestId]);
    else await this.redis.command(['ZADD', keys.merging, 'XX', String(await this.redis.time()), guestId]);
  }
}
