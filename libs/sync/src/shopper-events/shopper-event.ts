import { JSONSchemaType } from 'ajv';

/** What every event says. */
interface Envelope<Type extends string> {
  schema: 1;
  type: Type;
  /** Unique; a repeated delivery has the same. */
  id: string;
  /** When it was found out. ISO 8601, UTC, milliseconds. */
  at: string;
  userId: string;
  /** Of all money in it; money is a string with two places. */
  currency: string;
}

/** The SKU as the catalogue has it now, and the item as the shopper holds it. */
interface HeldSku {
  skuId: string;
  skuCode: string;
  shopId: string;
  name: string;
  quantity: number;
  /** When it was added. */
  addPrice: string;
  price: string;
  /** Whether it can be bought now: on the shelf and in stock. */
  available: boolean;
}

/** The price is lower, by PRICE_DROP_PERCENT or more, than what the shopper knows. */
export interface PriceDropped extends Envelope<'cart.price_dropped'>, HeldSku {
  /** What the shopper knew: the price when it was added or, if lower, the one of the latest such event since. */
  knownPrice: string;
}

/** The SKU can be bought again. */
export interface BackInStock extends Envelope<'cart.back_in_stock'>, HeldSku {
  /** Of the SKU when it came back: one event for each time. */
  skuVersion: string;
}

/** The cart has items and nobody has changed it for ABANDONED_AFTER_HOURS. */
export interface CartAbandoned extends Envelope<'cart.abandoned'> {
  lastChangedAt: string;
  /** Of the cart at that change: one event for each. */
  cartVersion: string;
  skuCount: number;
  quantity: number;
  /** At the prices when they were added. */
  subtotal: string;
  /** Latest added first, at most 100. */
  items: { skuId: string; quantity: number; addPrice: string }[];
}

/** What was in a cart has been paid for. */
export interface CartConverted extends Envelope<'cart.converted'> {
  orderId: string;
  quantity: number;
  /** What was paid. */
  total: string;
  /** At most 1,000; prices of one unit at checkout. */
  items: { skuId: string; quantity: number; price: string }[];
}

export type ShopperEvent = PriceDropped | BackInStock | CartAbandoned | CartConverted;
export type ShopperEventType = ShopperEvent['type'];

const id = { type: 'string', pattern: '^[1-9][0-9]{0,18}$' } as const;
const count = { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER } as const;
const time = { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$' } as const;
const money = { type: 'string', pattern: '^\\d{1,16}\\.\\d{2}$' } as const;
const text = { type: 'string', maxLength: 4096 } as const;

const ENVELOPE = {
  schema: { type: 'integer', const: 1 },
  id: { type: 'string', pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' },
  at: time,
  userId: id,
  currency: { type: 'string', pattern: '^[A-Z]{3}$' },
} as const;
const NAMES = ['schema', 'type', 'id', 'at', 'userId', 'currency'] as const;

const HELD = {
  skuId: id,
  skuCode: text,
  shopId: id,
  name: text,
  quantity: count,
  addPrice: money,
  price: money,
  available: { type: 'boolean' },
} as const;
const HELD_NAMES = ['skuId', 'skuCode', 'shopId', 'name', 'quantity', 'addPrice', 'price', 'available'] as const;

const PRICE_DROPPED = {
  type: 'object',
  properties: { ...ENVELOPE, type: { type: 'string', const: 'cart.price_dropped' }, ...HELD, knownPrice: money },
  required: [...NAMES, ...HELD_NAMES, 'knownPrice'],
} as const satisfies JSONSchemaType<PriceDropped>;

const BACK_IN_STOCK = {
  type: 'object',
  properties: { ...ENVELOPE, type: { type: 'string', const: 'cart.back_in_stock' }, ...HELD, skuVersion: id },
  required: [...NAMES, ...HELD_NAMES, 'skuVersion'],
} as const satisfies JSONSchemaType<BackInStock>;

const CART_ABANDONED = {
  type: 'object',
  properties: {
    ...ENVELOPE,
    type: { type: 'string', const: 'cart.abandoned' },
    lastChangedAt: time,
    cartVersion: id,
    skuCount: count,
    quantity: count,
    subtotal: money,
    items: {
      type: 'array',
      minItems: 1,
      maxItems: 100,
      items: {
        type: 'object',
        properties: { skuId: id, quantity: count, addPrice: money },
        required: ['skuId', 'quantity', 'addPrice'],
      },
    },
  },
  required: [...NAMES, 'lastChangedAt', 'cartVersion', 'skuCount', 'quantity', 'subtotal', 'items'],
} as const satisfies JSONSchemaType<CartAbandoned>;

const CART_CONVERTED = {
  type: 'object',
  properties: {
    ...ENVELOPE,
    type: { type: 'string', const: 'cart.converted' },
    orderId: id,
    quantity: count,
    total: money,
    items: {
      type: 'array',
      minItems: 1,
      maxItems: 1000,
      items: {
        type: 'object',
        properties: { skuId: id, quantity: count, price: money },
        required: ['skuId', 'quantity', 'price'],
      },
    },
  },
  required: [...NAMES, 'orderId', 'quantity', 'total', 'items'],
} as const satisfies JSONSchemaType<CartConverted>;

/** The JSON Schema of each event by its type. Unknown fields are allowed: a newer service may say more. */
export const SHOPPER_EVENT_SCHEMAS = {
  'cart.price_dropped': PRICE_DROPPED,
  'cart.back_in_stock': BACK_IN_STOCK,
  'cart.abandoned': CART_ABANDONED,
  'cart.converted': CART_CONVERTED,
} as const;
