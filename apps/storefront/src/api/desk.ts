import { request } from './client.js';

/** The answers of the routes for operators, as docs/openapi.json describes them. */
export interface Readiness {
  status: 'ok' | 'degraded' | 'unavailable';
  reasons: string[];
  checks: Record<string, string>;
}
export interface Outbox {
  depth: number;
  oldestAgeMs: number;
  deadLetters: number | null;
}
export interface Lag {
  windowMs: number;
  goalMs: number;
  changes: number;
  p50Ms: number | null;
  p95Ms: number | null;
  p99Ms: number | null;
  mostMs: number | null;
}
export interface ComparedItem {
  quantity: number;
  selected: boolean;
  addPrice: string;
  addedAt: string;
  updatedAt: string;
  position: string;
  version: string;
  snapshot: { name: string; image: string; spec: string; shopId: string; skuCode: string };
}
export interface ItemDiff {
  skuId: string;
  redis: ComparedItem | null;
  mysql: ComparedItem | null;
  equal: boolean;
}
export interface CartDiff {
  inSync: boolean;
  version: string;
  items: ItemDiff[];
}
export interface SyncResult {
  written: number;
  softDeleted: number;
  unchanged: number;
  version: string;
}
export interface Run {
  runId: string;
  kind: string;
  status: 'running' | 'succeeded' | 'failed';
  reason: string | null;
  startedAt: string;
  durationMs: number;
  carts: number;
  failures: number;
  written: number;
  softDeleted: number;
  drift: number;
}
export interface DeadLetter {
  id: string;
  messageId: string;
  reason: string;
  body: string;
  bodyBytes: number;
  createdAt: string;
  replayedAt: string | null;
}
export interface Limits {
  maxSkus: number;
  maxQuantityPerSku: number;
  until: string | null;
  overridden: boolean;
  defaults: { maxSkus: number; maxQuantityPerSku: number };
}
export interface AbandonedSku {
  skuId: string;
  skuCode: string;
  name: string;
  shopId: string;
  added: number;
  guests: number;
  bought: number;
  unpaid: number;
}
export interface LoggedChange {
  id: string;
  skuId: string;
  /** All SKUs of the line; `skuId` is the first of them. */
  skuIds: string[];
  action: string;
  source: string;
  before: number;
  after: number;
  price: string;
  version: string;
  at: string;
  device: string | null;
}

const ADMIN = '/v1/admin';

function query(values: Record<string, string | undefined>): string {
  const given = Object.entries(values).filter((entry): entry is [string, string] => Boolean(entry[1]));
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`;
}

/** Every route the desk uses, in one place. */
export const desk = {
  outbox: (signal?: AbortSignal) => request<Outbox>('GET', `${ADMIN}/outbox`, { signal }),
  lag: (signal?: AbortSignal) => request<Lag>('GET', `${ADMIN}/lag`, { signal }),

  diff: (userId: string) => request<CartDiff>('GET', `${ADMIN}/carts/${userId}/diff`),
  sync: (userId: string) => request<SyncResult>('POST', `${ADMIN}/carts/${userId}/sync`),
  rebuild: (userId: string, force: boolean) =>
    request<SyncResult>('POST', `${ADMIN}/carts/${userId}/rebuild`, { body: { force } }),
  changes: (userId: string, cursor?: string) =>
    request<{ entries: LoggedChange[]; next: string | null }>('GET', `${ADMIN}/change-log${query({ userId, cursor })}`),

  runs: (cursor?: string, signal?: AbortSignal) =>
    request<{ runs: Run[]; next: string | null }>('GET', `${ADMIN}/sync/runs${query({ cursor })}`, { signal }),
  startSync: () => request<{ runId: string }>('POST', `${ADMIN}/sync`),
  warmUp: (carts: number) => request<{ runId: string }>('POST', `${ADMIN}/warm-up`, { body: { carts } }),

  deadLetters: (cursor?: string) =>
    request<{ deadLetters: DeadLetter[]; next: string | null }>('GET', `${ADMIN}/dead-letters${query({ cursor })}`),
  replay: (id: string) => request<DeadLetter>('POST', `${ADMIN}/dead-letters/${id}/replay`),

  /** With a token: whether it opens the desk. */
  limits: (token?: string) => request<Limits>('GET', `${ADMIN}/limits`, { token }),
  setLimits: (limits: { maxSkus: number; maxQuantityPerSku: number; until?: string }) =>
    request<Limits>('PUT', `${ADMIN}/limits`, { body: limits }),
  resetLimits: () => request<Limits>('DELETE', `${ADMIN}/limits`),

  abandonment: (filter: { from?: string; to?: string; shopId?: string; cursor?: string }) =>
    request<{ from: string; to: string; skus: AbandonedSku[]; next: string | null }>(
      'GET',
      `${ADMIN}/analytics/abandonment${query(filter)}`,
    ),
};

/** What the pages are told of the deployment. */
export const facts = () => request<{ currency: string; devLogin: boolean }>('GET', '/storefront.json');
export const devLogin = (userId: string) =>
  request<{ token: string }>('POST', '/v1/dev/login', { body: { userId, roles: ['admin'] } });
