import { SignJWT } from 'jose';
import { until } from '../../tools/lib/wait.mjs';

/**
 * @typedef {{ method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, headers: Record<string, string>, body?: string }} Request
 * @typedef {{ id: string, headers: Record<string, string> }} Cart
 *
 * One server under test: how its requests are written.
 * @typedef {object} Target
 * @property {string} name
 * @property {string} url
 * @property {(id: number) => Promise<Cart>} open the cart of the user with this id
 * @property {(cart: Cart, skuId: string, answer: 'minimal' | 'full') => Request} add one piece
 * @property {(cart: Cart) => Request} read
 * @property {(cart: Cart, skuId: string, quantity: number) => Request} set answered without the cart
 * @property {(cart: Cart, skuId: string) => Request} remove answered without the cart
 * @property {() => Promise<void>} drained resolves when nothing is left to do for the requests answered so far
 * @property {(cart: Cart) => Promise<string | null>} fault what is wrong with the cart's copy, null when nothing is
 */

const JSON_BODY = { 'content-type': 'application/json' };
const MINIMAL = { prefer: 'return=minimal' };
const DRAIN_MS = 120_000;
/** More than any run adds. */
const PLENTY = 2_000_000_000;

/** SKUs of the benchmark's own, so that the sample catalogue and its stock stay out of it. */
export const SKUS = Array.from({ length: 50 }, (_, index) => String(9_000_001 + index));

/** The bare server has no users, prices or copies. @implements {Target} */
export class BareTarget {
  name = 'bare';

  /** @param {string} url */
  constructor(url) {
    this.url = url;
  }

  /** @param {number} id @returns {Promise<Cart>} */
  async open(id) {
    return { id: String(id), headers: {} };
  }

  /** @param {Cart} cart @param {string} skuId @param {'minimal' | 'full'} answer @returns {Request} */
  add({ id }, skuId, answer) {
    const path = `/carts/${id}/items${answer === 'full' ? '?answer=full' : ''}`;
    return { method: 'POST', path, headers: JSON_BODY, body: JSON.stringify({ skuId, quantity: 1 }) };
  }

  /** @param {Cart} cart @returns {Request} */
  read({ id }) {
    return { method: 'GET', path: `/carts/${id}`, headers: {} };
  }

  /** @param {Cart} cart @param {string} skuId @param {number} quantity @returns {Request} */
  set({ id }, skuId, quantity) {
    return {
      method: 'PATCH',
      path: `/carts/${id}/items/${skuId}`,
      headers: JSON_BODY,
      body: JSON.stringify({ quantity }),
    };
  }

  /** @param {Cart} cart @param {string} skuId @returns {Request} */
  remove({ id }, skuId) {
    return { method: 'DELETE', path: `/carts/${id}/items/${skuId}`, headers: {} };
  }

  async drained() {}

  async fault() {
    return null;
  }
}

/** The service. Its users carry tokens signed with the stack's own secret: production has no development login. @implements {Target} */
export class ServiceTarget {
  name = 'service';
  #secret;
  /** @type {Promise<string> | undefined} */
  #admin;

  /** @param {string} url @param {string} jwtSecret */
  constructor(url, jwtSecret) {
    this.url = url;
    this.#secret = new TextEncoder().encode(jwtSecret);
  }

  /** Puts the benchmark's SKUs on the shelf. */
  async stock() {
    const skus = SKUS.map((skuId, index) => ({
      skuId,
      skuCode: `BENCH-${index}`,
      shopId: String((index % 5) + 1),
      name: `Benchmark article number ${index}`,
      image: `https://images.example/${skuId}.jpg`,
      spec: 'colour: red; size: M',
      price: '12.50',
      stock: PLENTY,
      status: 'on',
    }));
    await this.#administer('PUT', '/v1/admin/skus', skus);
  }

  /** @param {number} id @returns {Promise<Cart>} */
  async open(id) {
    return { id: String(id), headers: { authorization: `Bearer ${await this.#token(String(id), [])}` } };
  }

  /** @param {Cart} cart @param {string} skuId @param {'minimal' | 'full'} answer @returns {Request} */
  add({ headers }, skuId, answer) {
    return {
      method: 'POST',
      path: '/v1/cart/items',
      headers: { ...headers, ...JSON_BODY, ...(answer === 'minimal' ? MINIMAL : {}) },
      body: JSON.stringify({ skuId, quantity: 1 }),
    };
  }

  /** @param {Cart} cart @returns {Request} */
  read({ headers }) {
    return { method: 'GET', path: '/v1/cart', headers };
  }

  /** @param {Cart} cart @param {string} skuId @param {number} quantity @returns {Request} */
  set({ headers }, skuId, quantity) {
    return {
      method: 'PATCH',
      path: `/v1/cart/items/${skuId}`,
      headers: { ...headers, ...JSON_BODY, ...MINIMAL },
      body: JSON.stringify({ quantity }),
    };
  }

  /** @param {Cart} cart @param {string} skuId @returns {Request} */
  remove({ headers }, skuId) {
    return { method: 'DELETE', path: `/v1/cart/items/${skuId}`, headers: { ...headers, ...MINIMAL } };
  }

  /** Every change is in MySQL: none is left in the outbox, and as many were written as were handed to the broker. */
  async drained() {
    await until(
      async () => {
        const response = await fetch(`${this.url}/metrics`, { signal: AbortSignal.timeout(10_000) });
        const text = await response.text();
        const depth = metric(text, 'cart_outbox_depth');
        const behind = metric(text, 'cart_outbox_relayed_total') - metric(text, 'cart_sync_lag_seconds_count');
        if (depth === 0 && behind <= 0) return true;
        throw new Error(`${depth} changes in the outbox, ${behind} between broker and MySQL`);
      },
      { timeoutMs: DRAIN_MS, what: 'The changes did not reach MySQL', everyMs: 200 },
    );
  }

  /** @param {Cart} cart */
  async fault({ id }) {
    const { inSync } = await this.#administer('GET', `/v1/admin/carts/${id}/diff`);
    return inSync ? null : 'MySQL differs from Redis';
  }

  /** @param {string} method @param {string} path @param {unknown} [body] @returns {Promise<any>} */
  async #administer(method, path, body) {
    this.#admin ??= this.#token('1', ['admin']);
    const headers = { authorization: `Bearer ${await this.#admin}`, ...(body === undefined ? {} : JSON_BODY) };
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers,
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(30_000),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} was answered ${response.status} ${text.slice(0, 300)}`);
    return JSON.parse(text);
  }

  /** @param {string} userId @param {string[]} roles */
  #token(userId, roles) {
    return new SignJWT({ roles })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setSubject(userId)
      .setIssuer('shopping-cart')
      .setAudience('shopping-cart')
      .setIssuedAt()
      .setExpirationTime('12h')
      .sign(this.#secret);
  }
}

/**
 * The value of a metric without labels in Prometheus' text.
 * @param {string} text
 * @param {string} name
 */
export function metric(text, name) {
  const line = text.split('\n').find((each) => each.startsWith(`${name} `));
  if (line === undefined) throw new Error(`the metric ${name} is missing`);
  return Number(line.slice(name.length + 1));
}

/**
 * Sends one request outside the clock.
 * @param {Target} target
 * @param {Request} request
 * @returns {Promise<any>}
 */
export async function call({ url }, { method, path, headers, body }) {
  const response = await fetch(`${url}${path}`, { method, headers, body, signal: AbortSignal.timeout(30_000) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} was answered ${response.status} ${text.slice(0, 300)}`);
  return text === '' ? undefined : JSON.parse(text);
}

/**
 * @param {Target} target
 * @param {Cart} cart
 * @param {string} skuId
 * @returns {Promise<number>} how many pieces of a SKU the cart holds
 */
export async function quantityOf(target, cart, skuId) {
  const { items } = await call(target, target.read(cart));
  return items.find((/** @type {{ skuId: string }} */ item) => item.skuId === skuId)?.quantity ?? 0;
}
