import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ERRORS, type ErrorCode } from '@app/common';
import { Answer, Api, Shopper } from '../support/api.js';
import { eventually } from '../support/eventually.js';
import { codesUnder, type OpenApiDocument, operationsOf, PROBLEM } from '../fuzz/document.js';
import { PrivateApp } from '../fuzz/private-app.js';

/** Codes no client can ask for: a bug, and a request that never arrives (30 s; http-adapter.spec.ts). */
const NEVER: ErrorCode[] = ['INTERNAL_ERROR', 'REQUEST_TIMEOUT'];

const LOCK_WAIT_MS = 1500;
const MAX_SKUS = 3;
const MAX_PENDING_ORDERS = 2;

let service: PrivateApp;
let api: Api;
let document: OpenApiDocument;
let sku: Record<'on' | 'off' | 'out' | 'few' | 'gone' | 'limited', string>;

beforeAll(async () => {
  service = await PrivateApp.start({
    LOCK_WAIT_MS: String(LOCK_WAIT_MS),
    MAX_SKUS: String(MAX_SKUS),
    MAX_PENDING_ORDERS: String(MAX_PENDING_ORDERS),
  });
  api = new Api(service.url);
  document = (await api.call<OpenApiDocument>('GET', '/docs/openapi.json')).body;
  const kinds = [{}, { status: 'off' as const }, { stock: 0 }, { stock: 3 }, {}, { purchaseLimit: 2 }];
  const [on, off, out, few, gone, limited] = (await api.skus(...kinds)) as [
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  sku = { on, off, out, few, gone, limited };
  await (await api.admin()).delete(`/v1/admin/skus/${gone}`);
});
afterAll(async () => {
  expect(await service.stop()).toBe(0);
});

/** Holds the add lock of a cart while `work` runs, as another instance would that is in the middle of an add. */
async function whileLocked<T>(user: Shopper, work: () => Promise<T>): Promise<T> {
  const redis = await createClient({ url: service.redis.url }).connect();
  const key = `lock:add:user:${user.id}`;
  await redis.set(key, 'somebody else', { expiration: { type: 'PX', value: 30_000 } });
  try {
    return await work();
  } finally {
    await redis.del(key);
    redis.destroy();
  }
}

async function fullCart(): Promise<Shopper> {
  const user = await api.login();
  for (const skuId of await api.skus({}, {}, {})) await user.add(skuId);
  return user;
}

const item = (skuId: string, quantity = 1) => ({ skuId, quantity });
const withKey = (key: string) => ({ 'idempotency-key': key });

let checkouts = 0;
const checkout = (user: Shopper, body: object = {}) =>
  user.post('/v1/cart/checkout', { expectedPayable: '3.39', ...body }, withKey(`checkout-${++checkouts}`));

/** A user with one of a SKU that costs 3.39. */
async function buyer(skuId = sku.on): Promise<Shopper> {
  const user = await api.login();
  await user.add(skuId);
  return user;
}

/** An order that is paid, or cancelled, and whose it is. */
async function closedOrder(how: 'pay' | 'cancel') {
  const user = await buyer();
  const { orderId } = (await checkout(user)).body;
  await (how === 'pay' ? await api.admin() : user).post(`/v1/orders/${orderId}/${how}`);
  return { user, orderId };
}

/** A request that is refused with each code, and the numbers the refusal carries. */
const PROVOKED: Partial<Record<ErrorCode, { ask: () => Promise<Answer>; error?: () => object; extra?: object }>> = {
  VALIDATION_FAILED: {
    ask: async () => (await api.login()).post('/v1/cart/items', { skuId: sku.on, quantity: 0, price: '0.01' }),
    error: () => ({ field: 'quantity' }),
  },
  UNAUTHENTICATED: { ask: () => api.call('GET', '/v1/cart') },
  INVALID_CLIENT_CART_ID: {
    ask: () =>
      api.call('GET', '/v1/cart', { headers: { 'x-client-cart-id': `v1.k1.${'a'.repeat(24)}.${'a'.repeat(43)}` } }),
  },
  FORBIDDEN: { ask: async () => (await api.login()).put('/v1/admin/skus', []) },
  NOT_FOUND: { ask: () => api.call('GET', '/v1/nothing-here') },
  METHOD_NOT_ALLOWED: { ask: () => api.call('POST', '/v1/cart', { body: {} }) },
  SKU_NOT_FOUND: {
    ask: async () => (await api.login()).add(sku.gone),
    error: () => ({ skuId: sku.gone }),
  },
  ITEM_NOT_FOUND: {
    ask: async () => (await api.login()).patch(`/v1/cart/items/${sku.on}`, { quantity: 2 }),
    error: () => ({ skuId: sku.on }),
  },
  SKU_OFF_SHELF: { ask: async () => (await api.login()).add(sku.off), error: () => ({ skuId: sku.off }) },
  OUT_OF_STOCK: { ask: async () => (await api.login()).add(sku.out), error: () => ({ skuId: sku.out, available: 0 }) },
  INSUFFICIENT_STOCK: {
    ask: async () => (await api.login()).add(sku.few, 4),
    error: () => ({ skuId: sku.few, available: 3 }),
  },
  QUANTITY_LIMIT: {
    ask: async () => {
      const user = await api.login();
      await user.add(sku.limited, 2);
      return user.add(sku.limited, 1);
    },
    error: () => ({ skuId: sku.limited, maximum: 2, requested: 3 }),
  },
  CART_FULL: { ask: async () => (await fullCart()).add(sku.on), error: () => ({ maximum: MAX_SKUS }) },
  CART_BUSY: {
    ask: async () => {
      const user = await api.login();
      await user.cart();
      return whileLocked(user, () => user.add(sku.on));
    },
  },
  GUEST_CART_MERGED: {
    ask: async () => {
      const [user, guest] = [await api.login(), await api.guest()];
      await guest.add(sku.on);
      await user.post('/v1/cart/merge', { clientCartId: guest.id });
      return guest.add(sku.on);
    },
  },
  REDIS_NEWER: {
    ask: async () => {
      const [user, admin] = [await api.login(), await api.admin()];
      await user.add(sku.on);
      const log = () => admin.get(`/v1/admin/change-log?userId=${user.id}`);
      await eventually(async () => expect((await log()).body.entries).toHaveLength(1));
      await service.sql('DELETE FROM cart WHERE user_id = ?', [user.id]);
      return admin.post(`/v1/admin/carts/${user.id}/rebuild`);
    },
    error: () => ({ skuId: sku.on }),
  },
  ORDER_NOT_FOUND: { ask: async () => (await api.login()).get('/v1/orders/9223372036854775807') },
  COUPON_NOT_FOUND: { ask: async () => checkout(await buyer(), { couponIds: ['none'] }) },
  NOTHING_SELECTED: { ask: async () => checkout(await api.login()) },
  CHECKOUT_REJECTED: {
    ask: async () => {
      const user = await buyer(sku.few);
      await user.add(sku.few, 2);
      await (await api.admin()).patch(`/v1/admin/skus/${sku.few}`, { stock: 2 });
      const answer = await checkout(user);
      await (await api.admin()).patch(`/v1/admin/skus/${sku.few}`, { stock: 3 });
      // The refusal has the code of the whole, its entries those of the items.
      expect(answer.body.errors).toEqual([{ code: 'INSUFFICIENT_STOCK', skuId: sku.few, available: 2, requested: 3 }]);
      return answer;
    },
  },
  CART_CHANGED: { ask: async () => checkout(await buyer(), { items: [item(sku.on, 2)] }) },
  PRICE_CHANGED: {
    ask: async () => checkout(await buyer(), { expectedPayable: '3.38' }),
    error: () => ({ expectedPayable: '3.38', payable: '3.39' }),
  },
  TOO_MANY_ORDERS: {
    ask: async () => {
      const user = await api.login();
      for (let i = 0; i < MAX_PENDING_ORDERS; i++) {
        await user.add(sku.on);
        expect((await checkout(user)).status).toBe(201);
      }
      await user.add(sku.on);
      return checkout(user);
    },
    error: () => ({ maximum: MAX_PENDING_ORDERS }),
  },
  ORDER_PAID: {
    ask: async () => {
      const { user, orderId } = await closedOrder('pay');
      return user.post(`/v1/orders/${orderId}/cancel`);
    },
  },
  ORDER_CLOSED: {
    ask: async () => {
      const { orderId } = await closedOrder('cancel');
      return (await api.admin()).post(`/v1/orders/${orderId}/pay`);
    },
  },
  NOT_A_VARIANT: {
    ask: async () => (await buyer()).put(`/v1/cart/items/${sku.on}/spec`, { skuId: sku.few }),
    error: () => ({ skuId: sku.few }),
  },
  SKU_CODE_TAKEN: {
    ask: async () => (await api.admin()).patch(`/v1/admin/skus/${sku.few}`, { skuCode: `code-${sku.on}` }),
    error: () => ({ skuId: sku.few, skuCode: `code-${sku.on}` }),
  },
  NOTHING_TO_UNDO: { ask: async () => (await api.login()).post('/v1/cart/undo') },
  IDEMPOTENCY_IN_PROGRESS: {
    ask: async () => {
      const user = await api.login();
      await user.cart();
      const add = () => user.add(sku.on, 1, withKey('running'));
      return whileLocked(user, async () => {
        const both = await Promise.all([add(), add()]);
        return both.find(({ body }) => body.code === 'IDEMPOTENCY_IN_PROGRESS')!;
      });
    },
  },
  IDEMPOTENCY_KEY_REUSED: {
    ask: async () => {
      const user = await api.login();
      await user.add(sku.on, 1, withKey('used'));
      return user.add(sku.on, 2, withKey('used'));
    },
  },
  VERSION_MISMATCH: {
    ask: async () => {
      const user = await api.login();
      await user.add(sku.on);
      return user.delete('/v1/cart', { 'if-match': '"1"' });
    },
    extra: { cart: { owner: { kind: 'user' }, badge: { quantity: 1 }, items: [{ quantity: 1 }] } },
  },
  PAYLOAD_TOO_LARGE: {
    ask: async () => (await api.login()).post('/v1/cart/items', { skuId: 'x'.repeat(70_000), quantity: 1 }),
  },
  UNSUPPORTED_MEDIA_TYPE: {
    ask: async () => (await api.login()).post('/v1/cart/items', item(sku.on), { 'content-type': 'text/plain' }),
  },
  RATE_LIMITED: {
    ask: async () => {
      const limited = await service.another({ RATE_LIMITS: 'on', RATE_LIMIT_READS: '2/60' });
      try {
        const user = (await api.login()).at(new Api(limited.url));
        await user.get('/v1/cart');
        await user.get('/v1/cart');
        return await user.get('/v1/cart');
      } finally {
        await limited.stop();
      }
    },
    error: () => ({ limit: 2, windowSeconds: 60 }),
  },
  HEADERS_TOO_LARGE: { ask: () => api.call('GET', '/v1/cart', { headers: { 'x-padding': 'p'.repeat(9000) } }) },
  // The last one: it takes Redis away for a moment.
  CART_UNAVAILABLE: {
    ask: async () => {
      const guest = await api.guest();
      service.redis.pause();
      try {
        return await guest.add(sku.on);
      } finally {
        service.redis.resume();
        await eventually(async () => expect((await api.call('GET', '/health/ready')).body.status).toBe('ok'));
      }
    },
  },
};

const RETRIED = ['CART_BUSY', 'IDEMPOTENCY_IN_PROGRESS', 'RATE_LIMITED', 'CART_UNAVAILABLE'];

describe('every code of the routes there are', () => {
  it('has a request here that is refused with it', () => {
    const expected = Object.keys(ERRORS).filter((code) => !NEVER.includes(code as ErrorCode));
    expect(Object.keys(PROVOKED).sort()).toEqual(expected.sort());
  });

  it.each(Object.entries(PROVOKED))('%s', async (code, { ask, error, extra = {} }) => {
    const { status, headers, body } = await ask();
    const [expected, title] = ERRORS[code as ErrorCode];
    expect({ status, ...body }).toMatchObject({ status: expected, code, title, ...extra });
    expect(headers.get('content-type')).toBe(PROBLEM);
    expect(body.type).toBe(`urn:shopping-cart:problem:${code.toLowerCase().replaceAll('_', '-')}`);
    if (error) expect(body.errors).toContainEqual(expect.objectContaining({ code, ...error() }));
    const retryAfter = headers.get('retry-after');
    if (RETRIED.includes(code)) expect(Number(retryAfter)).toBeGreaterThanOrEqual(1);
    else expect(retryAfter).toBeNull();
    if (expected === 401) expect(headers.get('www-authenticate')).toBe('Bearer');
    if (expected === 405) expect(headers.get('allow')).toBe('DELETE, GET, HEAD');
  });
});

/** Where the codes that are about a cart may come from: no more and no fewer than the document says. */
const ADDS = ['POST /v1/cart/items', 'POST /v1/cart/items/batch'];
const ITEM = 'PATCH /v1/cart/items/{skuId}';
const SPEC = 'PUT /v1/cart/items/{skuId}/spec';
const UNDO = 'POST /v1/cart/undo';
const MERGE = 'POST /v1/cart/merge';
const PATCH_SKU = 'PATCH /v1/admin/skus/{skuId}';
const DELETE_SKU = 'DELETE /v1/admin/skus/{skuId}';
const ONE_SKU = [DELETE_SKU, PATCH_SKU, 'GET /v1/admin/skus/{skuId}', 'GET /v1/skus/{skuId}'];
const WRITES = [
  ...[...ADDS, ITEM, SPEC, UNDO, MERGE, 'POST /v1/cart/items/remove', 'DELETE /v1/cart/items/{skuId}'],
  ...['DELETE /v1/cart', 'DELETE /v1/cart/invalid-items', 'PUT /v1/cart/selection'],
];
const CHECKOUT = 'POST /v1/cart/checkout';
const PREVIEW = 'POST /v1/cart/checkout/preview';
const GET_ORDER = 'GET /v1/orders/{orderId}';
const CANCEL = 'POST /v1/orders/{orderId}/cancel';
const ADMIN_GET_ORDER = 'GET /v1/admin/orders/{orderId}';
const ADMIN_CANCEL = 'POST /v1/admin/orders/{orderId}/cancel';
const PAY = 'POST /v1/orders/{orderId}/pay';
const ROUTES: Partial<Record<ErrorCode, string[]>> = {
  SKU_NOT_FOUND: [...ADDS, ITEM, SPEC, ...ONE_SKU],
  ITEM_NOT_FOUND: [ITEM, SPEC],
  NOT_A_VARIANT: [SPEC],
  SKU_OFF_SHELF: [...ADDS, ITEM, SPEC],
  OUT_OF_STOCK: [...ADDS, ITEM, SPEC],
  INSUFFICIENT_STOCK: [...ADDS, ITEM, SPEC, PATCH_SKU],
  SKU_CODE_TAKEN: [PATCH_SKU, 'PUT /v1/admin/skus'],
  QUANTITY_LIMIT: [...ADDS, ITEM, SPEC, UNDO],
  CART_FULL: [...ADDS, UNDO],
  NOTHING_TO_UNDO: [UNDO],
  COUPON_NOT_FOUND: [
    ...['GET /v1/cart', 'POST /v1/admin/coupons/{couponId}/grant', 'POST /v1/coupons/{couponId}/claim'],
    ...[CHECKOUT, PREVIEW],
  ],
  REDIS_NEWER: ['POST /v1/admin/carts/{userId}/rebuild'],
  VERSION_MISMATCH: [...WRITES, CHECKOUT, PATCH_SKU, DELETE_SKU],
  NOTHING_SELECTED: [CHECKOUT],
  CHECKOUT_REJECTED: ['GET /v1/cart', CHECKOUT, PREVIEW],
  CART_CHANGED: [CHECKOUT],
  PRICE_CHANGED: [CHECKOUT],
  TOO_MANY_ORDERS: [CHECKOUT],
  ORDER_NOT_FOUND: [GET_ORDER, CANCEL, PAY, ADMIN_GET_ORDER, ADMIN_CANCEL],
  ORDER_PAID: [CANCEL, ADMIN_CANCEL],
  ORDER_CLOSED: [PAY],
};

describe('the OpenAPI document', () => {
  it.each(Object.entries(ROUTES))('names %s where it may come from, with an example', (code, routes) => {
    const naming = operationsOf(document).filter(({ responses }) =>
      codesUnder(responses[String(ERRORS[code as ErrorCode][0])] ?? { description: '' }).includes(code),
    );
    expect(naming.map(({ method, path }) => `${method} ${path}`).sort()).toEqual([...routes].sort());
  });
});
