import type { CartDto } from '../../libs/cart/src/dto/cart.dto.js';
import { newSku } from './factories.js';
import { freshUserId } from './services.js';

export interface Answer<T = any> {
  status: number;
  headers: Headers;
  /** Tests look into answers as a client does: by the names of the contract. */
  body: T;
}

/** A client of one running service. */
export class Api {
  constructor(readonly url: string) {}

  async call<T = any>(
    method: string,
    path: string,
    { body, headers = {} }: { body?: unknown; headers?: Record<string, string> } = {},
  ): Promise<Answer<T>> {
    const answer = await fetch(this.url + path, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(30_000),
    });
    const text = await answer.text();
    const isJson = /json/.test(answer.headers.get('content-type') ?? '');
    return { status: answer.status, headers: answer.headers, body: (isJson ? JSON.parse(text) : text) as T };
  }

  async login(userId = freshUserId(), roles: string[] = []): Promise<Shopper> {
    const { body } = await this.call<{ token: string }>('POST', '/v1/dev/login', { body: { userId, roles } });
    return new Shopper(this, userId, { authorization: `Bearer ${body.token}` });
  }

  async guest(): Promise<Shopper> {
    const { body } = await this.call<{ clientCartId: string }>('POST', '/v1/guest-carts');
    return new Shopper(this, body.clientCartId, { 'x-client-cart-id': body.clientCartId });
  }

  admin(): Promise<Shopper> {
    return this.login(freshUserId(), ['admin']);
  }

  /** Puts new SKUs into the catalogue and returns their ids. */
  async skus(...overrides: Parameters<typeof newSku>[0][]): Promise<string[]> {
    const admin = await this.admin();
    const skus = overrides.map((one) => {
      const { price, version: _version, ...sku } = newSku(one);
      return { ...sku, price: (price / 100).toFixed(2) };
    });
    const { status, body } = await admin.put('/v1/admin/skus', skus);
    if (status !== 200) throw new Error(JSON.stringify(body));
    return skus.map((sku) => sku.skuId);
  }
}

/** Somebody who has proved who they are: a user, a guest or an operator. */
export class Shopper {
  constructor(
    private readonly api: Api,
    /** User id, or the token of a guest. */
    readonly id: string,
    readonly headers: Record<string, string>,
  ) {}

  /** The same person at another process of the service. */
  at(api: Api): Shopper {
    return new Shopper(api, this.id, this.headers);
  }

  get<T = any>(path: string, headers: Record<string, string> = {}) {
    return this.api.call<T>('GET', path, { headers: { ...this.headers, ...headers } });
  }

  post<T = any>(path: string, body?: unknown, headers: Record<string, string> = {}) {
    return this.api.call<T>('POST', path, { body, headers: { ...this.headers, ...headers } });
  }

  put<T = any>(path: string, body?: unknown) {
    return this.api.call<T>('PUT', path, { body, headers: this.headers });
  }

  patch<T = any>(path: string, body?: unknown, headers: Record<string, string> = {}) {
    return this.api.call<T>('PATCH', path, { body, headers: { ...this.headers, ...headers } });
  }

  delete<T = any>(path: string, headers: Record<string, string> = {}) {
    return this.api.call<T>('DELETE', path, { headers: { ...this.headers, ...headers } });
  }

  async cart(): Promise<CartDto> {
    return (await this.get<CartDto>('/v1/cart')).body;
  }

  add(skuId: string, quantity = 1, headers: Record<string, string> = {}) {
    return this.post('/v1/cart/items', { skuId, quantity }, headers);
  }
}
