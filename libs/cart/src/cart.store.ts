import { Injectable } from '@nestjs/common';
import { Env } from '@app/common';
import { CartItem, CartRow, formatItem, snapshotTextOf, tryItem } from '@app/database';
import { QuantityRule, Sku } from '@app/inventory-check';
import { keys, loadScripts, Locked, LockStep, RedisConnection, Script } from '@app/redis';
import { CartOwner, ownerKey } from './cart.owner.js';
import { parseResult, WriteResult } from './cart.result.js';
import { callCartScript, runCartScript, ScriptCall, WriteOptions } from './cart.script.js';
import { JudgedSku, LimitsOfItems } from './item-check.js';
import { Badge, latestFirst, LiveCart, parseCart } from './live-cart.js';

const scripts = loadScripts(new URL('./lua/', import.meta.url));
const SCRIPTS = {
  add: scripts.get('add-items'),
  update: scripts.get('update-item'),
  changeSpec: scripts.get('change-spec'),
  remove: scripts.get('remove-items'),
  select: scripts.get('select-items'),
  undo: scripts.get('undo-removal'),
  restore: scripts.get('restore-cart'),
  read: scripts.get('read-cart'),
  evict: scripts.get('evict-cart'),
  repair: scripts.get('repair-cart'),
  rebuild: scripts.get('rebuild-cart'),
  mend: scripts.get('mend-cart'),
  confirmRemovals: scripts.get('confirm-removals'),
};

/** How long a user without items is remembered without asking MySQL, seconds. */
const NULL_CACHE_SECONDS = 60;
/** A load that takes longer than this has lost its right to restore, seconds. */
const LOAD_TOKEN_SECONDS = 30;

/** A new quantity: absolute, relative, or none. */
export type QuantityChange = { mode: 'set' | 'delta'; amount: number } | { mode: 'keep' };

/** One SKU to add. */
export interface Addition extends JudgedSku {
  quantity: number;
  /** Flag of a new item; by the setting when left out. */
  selected?: boolean;
}

export interface AddCall {
  additions: readonly Addition[];
  mode: 'atomic' | 'partial';
  maxSkus: number;
}

/**
 * Which items a selection is for; of all, or of a shop's, `judged` says of each item of the cart whether it is to change
 * its flag. To unselect all of them nothing has to be judged.
 */
export type SelectionScope =
  { scope: 'items'; skuIds: readonly string[] } | { scope: 'shop' | 'all'; judged: ReadonlyMap<string, boolean> };

/** What the latest removal took and can give back, newest first. */
export interface Removal {
  version: string;
  items: CartItem[];
}

/** What a rebuild does with one SKU; see `lua/rebuild-cart-6.lua`. */
export type RebuildStep =
  { skuId: string; what: 'take' | 'stamp'; row: CartItem } | { skuId: string; what: 'drop' | 'forget' };

type Eviction = 'EVICTED' | 'CHANGED' | 'NEEDED' | 'GONE';

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

  /** The counters alone; `undefined` as in `read`. */
  async badge(owner: CartOwner): Promise<{ version: string; badge: Badge } | undefined> {
    const meta = await this.redis.command<string | null>(['HGET', keys.cart(ownerKey(owner)), '_']);
    return parseCart(owner.kind, meta === null ? [] : ['_', meta]);
  }

  /** Adds SKUs, each once: all or none, or (`partial`) those that may be added. */
  add(owner: CartOwner, call: AddCall, options: WriteOptions): Promise<WriteResult> {
    return runCartScript(this.redis, this.toAdd(owner, call, options));
  }

  /** As `add`, in a script that takes the add lock first; its caller gives it back. */
  async addUnder(
    lock: LockStep,
    owner: CartOwner,
    call: AddCall,
    options: WriteOptions,
  ): Promise<WriteResult | Locked> {
    const answer = await callCartScript(this.redis, this.toAdd(owner, call, options, lock));
    return answer[0] === 'LOCKED' ? { code: 'LOCKED' } : parseResult(owner, answer);
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
      item.selected === undefined ? '' : flag(item.selected),
      rule.state,
      String(rule.maximum),
      String(rule.stock),
    ]);
  }

  /** Puts `sku` in the place of an item; onto one that is there the quantities add up. */
  changeSpec(
    owner: CartOwner,
    change: { skuId: string; to: JudgedSku & { isVariant: boolean } },
    options: WriteOptions,
  ): Promise<WriteResult> {
    const { skuId, to } = change;
    const { sku, rule } = to;
    const limits = [rule.state, String(rule.maximum), String(rule.stock)];
    const args = [skuId, to.skuId, ...limits, ...toAddedFields(sku), flag(to.isVariant)];
    return this.write(SCRIPTS.changeSpec, owner, options, args);
  }

  remove(owner: CartOwner, skuIds: readonly string[], options: WriteOptions): Promise<WriteResult> {
    return this.write(SCRIPTS.remove, owner, options, ['remove', ...skuIds]);
  }

  clear(owner: CartOwner, options: WriteOptions): Promise<WriteResult> {
    return this.write(SCRIPTS.remove, owner, options, ['clear']);
  }

  /**
   * Removes the invalid of these items, and no other one that was added under the same SKU since; `CHANGED` when the cart
   * has an item that is not among them.
   */
  clearInvalid(
    owner: CartOwner,
    items: readonly CartItem[],
    invalid: ReadonlySet<string>,
    options: WriteOptions,
  ): Promise<WriteResult> {
    const judged = items.map(({ skuId, position }) => (invalid.has(skuId) ? `${skuId} ${position}` : skuId));
    return this.write(SCRIPTS.remove, owner, options, ['clear-invalid', ...judged]);
  }

  /** `CHANGED` when an item would change that was not judged. */
  select(owner: CartOwner, scope: SelectionScope, selected: boolean, options: WriteOptions): Promise<WriteResult> {
    const items = scope.scope === 'items' ? scope.skuIds : [...scope.judged].flatMap(([id, may]) => [id, flag(may)]);
    return this.write(SCRIPTS.select, owner, options, [scope.scope, flag(selected), ...items]);
  }

  /** `undefined`: nothing was removed within the last ten minutes that was not undone. */
  async latestRemoval(owner: CartOwner): Promise<Removal | undefined> {
    const fields = await this.redis.command<string[]>(['HGETALL', keys.undo(ownerKey(owner))]);
    const at = fields.findIndex((field, i) => i % 2 === 0 && field === '_');
    if (at < 0) return undefined;
    return { version: fields[at + 1]!, items: toItems(fields).sort(latestFirst) };
  }

  /** Brings a removal back; `CHANGED` when the latest one is not (or no longer) the one given. */
  undo(
    owner: CartOwner,
    removal: Removal | undefined,
    limits: LimitsOfItems,
    options: WriteOptions,
  ): Promise<WriteResult> {
    const items = removal?.items ?? [];
    return this.write(SCRIPTS.undo, owner, options, [
      removal?.version ?? '',
      String(limits.maxSkus),
      ...items.flatMap(({ skuId }) => [skuId, String(limits.maximumOf(skuId))]),
    ]);
  }

  /** Says that a load begins; only the latest token may restore. */
  async beginLoad(owner: CartOwner, token: string): Promise<void> {
    await this.redis.command(['SET', keys.load(ownerKey(owner)), token, 'EX', String(LOAD_TOKEN_SECONDS)]);
  }

  /** A load under way has read MySQL too early: it does nothing, and reads again. */
  async overtakeLoad(owner: CartOwner): Promise<void> {
    await this.redis.command(['DEL', keys.load(ownerKey(owner))]);
  }

  /** Puts MySQL's rows into an unloaded cart. `STALE_TOKEN`: the load was overtaken, by another or {@link overtakeLoad}. */
  async restore(
    owner: CartOwner,
    load: { token: string; maxVersion: string; items: readonly CartItem[] },
  ): Promise<'OK' | 'LOADED' | 'STALE_TOKEN'> {
    const key = ownerKey(owner);
    const answer = await this.redis.run(
      SCRIPTS.restore,
      [keys.cart(key), keys.removed(key), keys.load(key), keys.active],
      [
        load.token,
        load.maxVersion,
        String(NULL_CACHE_SECONDS),
        owner.id,
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

  /** Takes MySQL's rows over; `undefined`: the cart has changed since, nothing was done. Else the version after it. */
  async rebuild(
    userId: string,
    plan: { version: string; maxRowVersion: string; steps: readonly RebuildStep[] },
  ): Promise<string | undefined> {
    const args = plan.steps.flatMap((step) => [step.skuId, step.what, 'row' in step ? formatItem(step.row) : '']);
    const options = { ifMatch: [plan.version], minimal: true };
    const owner = { kind: 'user', id: userId } as const;
    const result = await this.write(SCRIPTS.rebuild, owner, options, [plan.maxRowVersion, ...args]);
    return result.code === 'OK' ? result.cart.version : undefined;
  }

  /**
   * Takes fields out that nobody can read, and puts MySQL's row in their place where one is given. `false`: the cart has
   * changed since, or is not open; nothing was done.
   */
  async mend(
    owner: CartOwner,
    plan: { version: string; maxRowVersion: string; fields: readonly string[]; rows: readonly CartRow[] },
  ): Promise<boolean> {
    const rows = new Map(plan.rows.map((row) => [row.skuId, formatItem(row)]));
    const args = plan.fields.flatMap((field) => [field, rows.get(field) ?? '']);
    const options = { ifMatch: [plan.version], minimal: true };
    const result = await this.write(SCRIPTS.mend, owner, options, [plan.maxRowVersion, ...args]);
    return result.code === 'OK';
  }

  /**
   * Takes the cart of a user out of Redis, only while it is at `version`, of which MySQL has all. `NEEDED`: a removal of it
   * may still be undone or is unconfirmed, or it waits for a comparison. `GONE`: it was not there.
   */
  async evict(userId: string, version: string): Promise<Eviction> {
    const key = ownerKey({ kind: 'user', id: userId });
    const answer = await this.redis.run(
      SCRIPTS.evict,
      [keys.cart(key), keys.removed(key), keys.undo(key), keys.load(key), keys.active, keys.dirty],
      [userId, version],
    );
    return answer as Eviction;
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

  private toAdd(owner: CartOwner, call: AddCall, options: WriteOptions, lock?: LockStep): ScriptCall {
    const args = [call.mode, String(call.maxSkus), SELECT_NEW[this.env.SELECT_NEW]];
    args.push(lock?.token ?? '', String(lock?.leaseMs ?? 0));
    for (const { skuId, sku, rule, quantity, selected } of call.additions) {
      args.push(skuId, String(quantity), selected === undefined ? '' : flag(selected));
      args.push(rule.state, String(rule.maximum), String(rule.stock), ...toAddedFields(sku));
    }
    const key = ownerKey(owner);
    const ownKeys = [lock ? keys.lock.add(key) : keys.cart(key)];
    return { script: SCRIPTS.add, owner, options, args, ownKeys, outboxMax: this.env.OUTBOX_MAX_ENTRIES };
  }

  private write(
    script: Script,
    owner: CartOwner,
    options: WriteOptions,
    args: readonly string[],
  ): Promise<WriteResult> {
    return runCartScript(this.redis, { script, owner, options, args, outboxMax: this.env.OUTBOX_MAX_ENTRIES });
  }
}

const SELECT_NEW = { all: '1', none: '0', inherit: 'inherit' } as const;

function flag(value: boolean): '0' | '1' {
  return value ? '1' : '0';
}

/** What an item keeps of the product as it is now: price in cents and snapshot. Not looked at when there is none. */
function toAddedFields(sku: Sku | null): [price: string, snapshot: string] {
  if (!sku) return ['0', '{}'];
  return [String(sku.price), snapshotTextOf(sku)];
}

/** Items of a hash as Redis returns it; the cart's own fields are passed over, and what nobody can read. */
export function toItems(fields: readonly string[]): CartItem[] {
  const items: CartItem[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const item = fields[i] !== '_' && fields[i] !== '@' && tryItem(fields[i]!, fields[i + 1]!);
    if (item) items.push(item);
  }
  return items;
}
