import { Ajv, JSONSchemaType } from 'ajv';
import { CartChange, ChangedItem, fromCents, isVersion, toCents, toIso } from '@app/database';

/** The pattern (and message tag) under which changes of carts travel. Its data is an array of {@link CartChanged}. */
export const CART_CHANGED = 'cart.changed';

/**
 * One acknowledged change of a cart, as other services read it. Facts, not deltas: each item is complete, so repeats
 * and any order are harmless; the higher `version` of an item is the truth.
 */
export interface CartChanged {
  schema: 1;
  /** `id`: the user id, or the SHA-256 (hex) of a guest's cart id. */
  owner: { kind: 'user' | 'guest'; id: string };
  version: string;
  /** ISO 8601, UTC, milliseconds. */
  at: string;
  /** What happened: add, set, delta, select, remove, clear, … */
  action: string;
  source: string;
  /** What the client calls its device. */
  device?: string;
  /** The epoch of the Redis that held the change when it was sent; grows when Redis may have lost data. */
  epoch: number;
  /** The order whose items the change took out of the cart, or returned: all of them that it did. */
  orderId?: string;
  items: CartChangedItem[];
}

export interface CartChangedItem {
  skuId: string;
  /** Quantity before the change; 0 for a new item. */
  before: number;
  /** Quantity after it; 0 for a removed one. */
  quantity: number;
  deleted: boolean;
  selected: boolean;
  /** Money with two places. */
  addPrice: string;
  addedAt: string;
  changedAt: string;
  position: string;
  version: string;
  snapshot: { name: string; image: string; spec: string; shopId: string; skuCode: string };
}

const id = { type: 'string', pattern: '^[1-9][0-9]{0,18}$' } as const;
/** Of a product that nobody knows any more: `0`. */
const shopId = { type: 'string', pattern: '^(0|[1-9][0-9]{0,18})$' } as const;
const whole = { type: 'integer', minimum: 0, maximum: 2_147_483_647 } as const;
const time = { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$' } as const;
const text = { type: 'string', maxLength: 4096 } as const;

const ITEM = {
  type: 'object',
  properties: {
    skuId: id,
    before: whole,
    quantity: whole,
    deleted: { type: 'boolean' },
    selected: { type: 'boolean' },
    addPrice: { type: 'string', pattern: '^\\d{1,8}\\.\\d{2}$' },
    addedAt: time,
    changedAt: time,
    position: id,
    version: id,
    snapshot: {
      type: 'object',
      properties: { name: text, image: text, spec: text, shopId, skuCode: text },
      required: ['name', 'image', 'spec', 'shopId', 'skuCode'],
    },
  },
  required: [
    'skuId',
    'before',
    'quantity',
    'deleted',
    'selected',
    'addPrice',
    'addedAt',
    'changedAt',
    'position',
    'version',
    'snapshot',
  ],
} as const satisfies JSONSchemaType<CartChangedItem>;

/** The JSON Schema of one event. Unknown fields are allowed: a newer service may say more. */
export const CART_CHANGED_SCHEMA = {
  type: 'object',
  properties: {
    schema: { type: 'integer', const: 1 },
    owner: {
      type: 'object',
      properties: {
        kind: { type: 'string', enum: ['user', 'guest'] },
        id: { type: 'string', minLength: 1, maxLength: 64 },
      },
      required: ['kind', 'id'],
    },
    version: id,
    at: time,
    action: { type: 'string', minLength: 1, maxLength: 16 },
    source: { type: 'string', minLength: 1, maxLength: 16 },
    device: { type: 'string', pattern: '^[\\x21-\\x7e]{1,64}$', nullable: true },
    epoch: { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
    orderId: { ...id, nullable: true },
    items: { type: 'array', items: ITEM, minItems: 1, maxItems: 1000 },
  },
  required: ['schema', 'owner', 'version', 'at', 'action', 'source', 'epoch', 'items'],
} as const satisfies JSONSchemaType<CartChanged>;

const isCartChanged = new Ajv({ allErrors: false }).compile<CartChanged>(CART_CHANGED_SCHEMA);

const MAX_BIGINT = 9_223_372_036_854_775_807n;

/** The data of a message is not what {@link CartChanged} promises; repeating it cannot help. */
export class MalformedEventError extends Error {}

export function toCartChanged(change: CartChange, epoch: number): CartChanged {
  return {
    schema: 1,
    owner: change.owner,
    version: change.version,
    at: toIso(change.at),
    action: change.action,
    source: change.source,
    ...(change.device === undefined ? {} : { device: change.device }),
    epoch,
    ...(change.orderId === undefined ? {} : { orderId: change.orderId }),
    items: change.items.map((item) => ({
      skuId: item.skuId,
      before: item.before,
      quantity: item.quantity,
      deleted: item.deleted,
      selected: item.selected,
      addPrice: fromCents(item.addPrice),
      addedAt: toIso(item.addedAt),
      changedAt: toIso(item.changedAt),
      position: item.position,
      version: item.version,
      snapshot: item.snapshot,
    })),
  };
}

/** A change as it came over the wire, with the epoch it was sent in. */
export type SentChange = CartChange & { epoch: number };

/** Reads what came over the wire: untrusted until it fits the schema. Throws {@link MalformedEventError}. */
export function readCartChanged(event: unknown): SentChange {
  if (!isCartChanged(event)) {
    const [fault] = isCartChanged.errors ?? [];
    throw new MalformedEventError(`not a ${CART_CHANGED} event: ${fault?.instancePath ?? ''} ${fault?.message ?? ''}`);
  }
  if (!isVersion(event.version)) throw new MalformedEventError('version is out of range');
  if (event.owner.kind === 'user' && !isId(event.owner.id)) throw new MalformedEventError('owner.id is no user id');
  return {
    owner: event.owner,
    version: event.version,
    at: toMs(event.at),
    action: event.action,
    source: event.source,
    ...(event.device ? { device: event.device } : {}),
    epoch: event.epoch,
    ...(event.orderId === undefined ? {} : { orderId: toId(event.orderId) }),
    items: event.items.map(toChangedItem),
  };
}

function toChangedItem(item: CartChangedItem): ChangedItem {
  for (const field of ['skuId', 'position', 'version'] as const) {
    if (!isId(item[field])) throw new MalformedEventError(`${field} is out of range`);
  }
  if (!isVersion(item.version)) throw new MalformedEventError('version is out of range');
  return {
    skuId: item.skuId,
    before: item.before,
    quantity: item.quantity,
    deleted: item.deleted,
    selected: item.selected,
    addPrice: toCents(item.addPrice),
    addedAt: toMs(item.addedAt),
    changedAt: toMs(item.changedAt),
    position: item.position,
    version: item.version,
    snapshot: item.snapshot,
  };
}

/** MySQL has no year 0. */
const FIRST_MS = Date.parse('1000-01-01T00:00:00.000Z');

/** The pattern lets the 99th of a month through. */
function toMs(text: string): number {
  const ms = Date.parse(text);
  if (!(ms >= FIRST_MS)) throw new MalformedEventError('a time is none');
  return ms;
}

/** The pattern lets what no bigint holds through. */
function toId(text: string): string {
  if (!isId(text)) throw new MalformedEventError('orderId is out of range');
  return text;
}

function isId(text: string): boolean {
  return /^[1-9]\d{0,18}$/.test(text) && (text.length < 19 || BigInt(text) <= MAX_BIGINT);
}
