import { Injectable } from '@nestjs/common';
import { Env } from '@app/common';
import { CartItem, CartRow, formatItem, formatSnapshot, parseItem } from '@app/database';
import { GUEST_CART_SECONDS } from '@app/identity';
import { QuantityRule, Sku } from '@app/inventory-check';
import { keys, loadScripts, RedisConnection, Script } from '@app/redis';
import { CartOwner, ownerKey, ownerLabel } from './cart.owner.js';
import { LiveCart, parseCart } from './live-cart.js';

const scripts = loadScripts(new URL('./lua/', import.meta.url));
const SCRIPTS = {
  add: scripts.get('add-item'),
  update: scripts.get('update-item'),
  remove: scripts.get('remove-items'),
  restore: scripts.get('restore-cart'),
  read: scripts.get('read-cart'),
  repair: scripts.get('repair-cart'),
  confirmRemovals: scripts.get('confirm-removals'),
};

/** How long a user without items is remembered without asking MySQL, seconds. */
const NULL_CACHE_SECONDS = 60;
/** A load that takes longer than this has lost its right to restore, seconds. */
const LOAD_TOKEN_SECONDS = 30;

/** What the client demands of a write. */
export interface WriteOptions {
  /** Versions that are accepted, from `If-Match`; all of them when left out. */
  ifMatch?: readonly string[];
  /** Answer the counters alone. */
  minimal?: boolean;
}

/** How a script ended: done, or refused with a code and its numbers. `NEED_LOAD` asks for a cold load first. */
export type WriteResult =
  | { code: 'OK'; cart: LiveCart }
  | { code: 'VERSION_MISMATCH'; cart: LiveCart }
  | { code: 'NEED_LOAD' }
  | { code: RefusalCode; numbers: number[] };

export type RefusalCode =
  | 'ITEM_NOT_FOUND'
  | 'SKU_NOT_FOUND'
  | 'SKU_OFF_SHELF'
  | 'QUANTITY_LIMIT'
  | 'OUT_OF_STOCK'
  | 'INSUFFICIENT_STOCK'
  | 'CART_FULL';

/** A new quantity: absolute, relative, or none. */
export type QuantityChange = { mode: 'set' | 'delta'; amount: number } | { mode: 'keep' };

/** The cart and what was removed from it and is not yet confirmed by MySQL, at one instant. */
export interface CartPicture {
  cart: LiveCart | undefined;
  removed: CartItem[];
}

/** The live cart in Redis. Each change is one script: items, version, counters, index and event change together. */
@Injectable()
export class CartStore {
  constructor(
    private readonly redis: RedisConnection,
    private readonly env: Env,
  ) {}

  /** `undefined`: a user's cart that has to be loaded from MySQL first. */
  async read(owner: CartOwner): Promise<LiveCart | undefined> {
    return parseCart(owner.kind, await this.redis.command<string[]>(['HGETALL', keys.cart(ownerKey(owner))]));
  }

  add(
    owner: CartOwner,
    item: { sku: Sku; rule: QuantityRule; quantity: number; selected?: boolean; maxSkus: number },
    options: WriteOptions,
  ): Promise<WriteResult> {
    const { sku, rule } = item;
    const { name, image, spec, shopId, skuCode } = sku;
    return this.write(SCRIPTS.add, owner, options, [
      sku.skuId,
      String(item.quantity),
      (item.selected ?? this.env.SELECT_NEW === 'all') ? '1' : '0',
      rule.state,
      String(rule.maximum),
      String(rule.stock),
      String(item.maxSkus),
      String(sku.price),
      formatSnapshot({ name, image, spec, shopId, skuCode }),
    ]);
  }

  update(
    owner: CartOwner,
    item: { skuId: string; rule: QuantityRule; change: QuantityChange; selected?: boolean },
    options: WriteOptions,
  ): Promise<WriteResult> {
    const { change, rule } = item;
    return this.write(SCRIPTS.update, owner, options, [
      item.skuId,
      change.mode,
      change.mode === 'keep' ? '0' : String(change.amount),
      item.selected === undefined ? '' : item.selected ? '1' : '0',
      rule.state,
      String(rule.maximum),
      String(rule.stock),
    ]);
  }

  remove(owner: CartOwner, skuIds: readonly string[], options: WriteOptions): Promise<WriteResult> {
    return this.write(SCRIPTS.remove, owner, options, ['remove', ...skuIds]);
  }

  clear(owner: CartOwner, options: WriteOptions): Promise<WriteResult> {
    return this.write(SCRIPTS.remove, owner, options, ['clear']);
  }

  /** Says that a load begins; only the latest token may restore. */
  async beginLoad(owner: CartOwner, token: string): Promise<void> {
    await this.redis.command(['SET', keys.load(ownerKey(owner)), token, 'EX', String(LOAD_TOKEN_SECONDS)]);
  }

  /** Puts MySQL's rows into an unloaded cart. `STALE_TOKEN`: another load began since, this one did nothing. */
  async restore(
    owner: CartOwner,
    load: { token: string; maxVersion: string; items: readonly CartItem[] },
  ): Promise<'OK' | 'LOADED' | 'STALE_TOKEN'> {
    const key = ownerKey(owner);
    const answer = await this.redis.run(
      SCRIPTS.restore,
      [keys.cart(key), keys.removed(key), keys.load(key)],
      [
        load.token,
        load.maxVersion,
        String(NULL_CACHE_SECONDS),
        ...load.items.flatMap((item) => [item.skuId, formatItem(item)]),
      ],
    );
    return answer as 'OK' | 'LOADED' | 'STALE_TOKEN';
  }

  /** The whole cart of a user with its tombstones, for a comparison with MySQL. */
  async picture(userId: string): Promise<CartPicture> {
    const key = ownerKey({ kind: 'user', id: userId });
    const answer = await this.redis.run(SCRIPTS.read, [keys.cart(key), keys.removed(key)], []);
    const [fields, removed] = answer as [string[], string[]];
    return { cart: parseCart('user', fields), removed: toItems(removed) };
  }

  /**
   * Mends a user's cart, only while it is at `version`: stamps the given SKUs anew and takes rows of MySQL over.
   * Returns the cart's version and the stamped items, or `undefined` when the cart has changed since.
   */
  async repair(
    userId: string,
    plan: { version: string; maxRowVersion: string; restamp: readonly string[]; takeOver: readonly CartRow[] },
  ): Promise<{ version: string; restamped: CartItem[] } | undefined> {
    const key = ownerKey({ kind: 'user', id: userId });
    const answer = (await this.redis.run(
      SCRIPTS.repair,
      [keys.cart(key), keys.removed(key), keys.outbox, keys.active],
      [
        userId,
        plan.version,
        plan.maxRowVersion,
        String(plan.restamp.length),
        ...plan.restamp,
        ...plan.takeOver.flatMap((row) => [row.skuId, row.deleted ? '1' : '0', formatItem(row)]),
      ],
    )) as string[];
    if (answer[0] !== 'OK') return undefined;
    return { version: answer[1]!, restamped: toItems(answer.slice(2)) };
  }

  /** MySQL holds these removals now. */
  async confirmRemovals(userId: string, removals: readonly { skuId: string; version: string }[]): Promise<void> {
    if (removals.length === 0) return;
    const key = ownerKey({ kind: 'user', id: userId });
    await this.redis.run(
      SCRIPTS.confirmRemovals,
      [keys.removed(key), keys.load(key)],
      removals.flatMap(({ skuId, version }) => [skuId, version]),
    );
  }

  private async write(
    script: Script,
    owner: CartOwner,
    options: WriteOptions,
    args: readonly string[],
  ): Promise<WriteResult> {
    const key = ownerKey(owner);
    const answer = (await this.redis.run(
      script,
      [keys.cart(key), keys.removed(key), keys.outbox, keys.active],
      [
        ownerLabel(owner),
        owner.kind === 'user' ? '0' : String(GUEST_CART_SECONDS),
        options.ifMatch?.join(',') ?? '',
        options.minimal ? 'minimal' : 'full',
        ...args,
      ],
    )) as [code: string, ...rest: unknown[]];
    return parseResult(owner, answer);
  }
}

function parseResult(owner: CartOwner, [code, ...rest]: [code: string, ...rest: unknown[]]): WriteResult {
  switch (code) {
    case 'OK':
    case 'VERSION_MISMATCH': {
      const cart = parseCart(owner.kind, rest[0] as string[]);
      if (!cart) throw new Error(`a script answered ${code} for a cart that is not loaded`);
      return { code, cart };
    }
    case 'NEED_LOAD':
      return { code };
    default:
      return { code: code as RefusalCode, numbers: rest.map(Number) };
  }
}

function toItems(fields: readonly string[]): CartItem[] {
  const items: CartItem[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) items.push(parseItem(fields[i]!, fields[i + 1]!));
  return items;
}
