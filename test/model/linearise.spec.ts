import { describe, expect, it } from 'vitest';
import { Catalogue, Sku } from './catalogue.js';
import { Reply } from './http-client.js';
import { Call, linearise } from './linearise.js';
import { AnyOrder, Learned, Open, Partly, TimeOf } from './match.js';
import { Operation, Request } from './requests.js';
import { step, World } from './world.js';

const SKU: Sku = {
  skuId: '1',
  skuCode: 'a',
  spuId: null,
  shopId: '7',
  shopName: 'Shop 7',
  name: 'n',
  image: '',
  spec: '',
  price: 100,
  stock: 50,
  lowStockThreshold: null,
  purchaseLimit: null,
  status: 'on',
};
const WORLD: World = {
  settings: { maxSkus: 4, maxQuantityPerSku: 9, lowStockThreshold: 5, maxPendingOrders: 2, currency: 'CNY' },
  catalogue: new Catalogue(new Map([['1', SKU]])),
  owners: new Map([['user1', '42']]),
  carts: new Map(),
  done: new Map(),
  merged: new Map(),
  orders: [],
};

/** An answer as a service would give it that is right at every point. */
function answerOf(world: World, request: Request, version: string, [from, to]: [number, number]) {
  const { world: after, expected } = step(world, request, version);
  const headers = {
    'cache-control': 'private, no-store',
    'content-type': expected.status < 300 ? 'application/json' : 'application/problem+json',
    etag: `"${expected.etag}"`,
    ...(expected.replayed ? { 'idempotent-replayed': 'true' } : {}),
  };
  const reply: Reply = { status: expected.status, headers, body: toJson(expected.body), from, to };
  return { after, reply };
}

function toJson(value: unknown): unknown {
  const text = JSON.stringify(value, (_, part: unknown) => {
    if (part instanceof TimeOf) return new Date(5).toISOString();
    if (part instanceof Open || part instanceof Learned) return 'x';
    if (part instanceof AnyOrder) return part.entries;
    return part instanceof Partly ? part.whole : part;
  });
  return JSON.parse(text);
}

const add: Operation = { op: 'add', skuId: '1', quantity: 1 };
const read: Operation = { op: 'read' };
const ask = (operation: Operation, rest: Partial<Request> = {}): Request => ({ owner: 'user1', operation, ...rest });

/** Plays requests one after another and lays them on two clients, at the times given. */
function history(...asked: [client: number, request: Request, version: string, times: [number, number]][]): Call[] {
  let world = WORLD;
  return asked.map(([client, request, version, times]) => {
    const { after, reply } = answerOf(world, request, version, times);
    world = after;
    return { client, request, reply };
  });
}

describe(linearise, () => {
  it('finds the order of calls that overlap, by the versions they answer', () => {
    const [first, second, third] = history(
      [0, ask(add), '10', [0, 9]],
      [1, ask(add), '11', [1, 8]],
      [0, ask(read), '11', [10, 11]],
    ) as [Call, Call, Call];
    const order = linearise(WORLD, [second, first, third]);
    expect(order).toMatchObject({ calls: [first, second, third] });
  });

  it('misses an add that two clients were told of, and one cart holds', () => {
    const [first] = history([0, ask(add), '10', [0, 9]]) as [Call];
    const [lost] = history([1, ask(add), '11', [1, 8]]) as [Call];
    expect(linearise(WORLD, [first, lost])).toMatchObject({ fault: expect.stringContaining('after 1 of 2') });
  });

  it('misses a version that was given twice, and one that steps back', () => {
    for (const version of ['10', '9']) {
      const calls = history([0, ask(add), '10', [0, 9]], [1, ask(add), version, [1, 8]]);
      expect(linearise(WORLD, calls)).toMatchObject({ fault: expect.stringContaining('version') });
    }
  });

  it('refuses a read that shows less than what was answered before it began', () => {
    const [written] = history([0, ask(add), '10', [0, 5]]) as [Call];
    const [early] = history([1, ask(read), '0', [4, 9]]) as [Call];
    expect(linearise(WORLD, [written, early])).toMatchObject({ calls: [early, written] });
    const [late] = history([1, ask(read), '0', [6, 9]]) as [Call];
    expect(linearise(WORLD, [written, late])).toMatchObject({ fault: expect.stringContaining('client 1') });
  });

  it('puts a refusal where it was right, and refuses one that never was', () => {
    const calls = history(
      [0, ask({ ...add, quantity: 9 }), '10', [0, 5]],
      [1, ask(add), '10', [1, 9]],
      [0, ask({ op: 'clear' }), '11', [6, 8]],
    );
    expect(calls[1]!.reply.body).toMatchObject({ code: 'QUANTITY_LIMIT' });
    expect(linearise(WORLD, calls)).toMatchObject({ calls });
    // The same refusal after the cart was cleared.
    calls[1]!.reply.from = 9;
    expect(linearise(WORLD, calls)).toMatchObject({ fault: expect.stringContaining('expected 201') });
  });

  it('wants the same answer for the same idempotency key, once', () => {
    const keyed = ask(add, { idempotencyKey: 'k' });
    const calls = history([0, keyed, '10', [0, 5]], [1, keyed, '10', [1, 9]]);
    expect(calls[1]!.reply.headers).toMatchObject({ 'idempotent-replayed': 'true' });
    expect(linearise(WORLD, calls)).toMatchObject({ calls });
    const twice = history([0, ask(add), '10', [0, 5]], [1, ask(add), '11', [1, 9]]);
    expect(
      linearise(
        WORLD,
        twice.map((call) => ({ ...call, request: keyed })),
      ),
    ).toHaveProperty('fault');
  });

  it('lets a repeat be told that the first one is running, while it is', () => {
    const keyed = ask(add, { idempotencyKey: 'k' });
    const [first] = history([0, keyed, '10', [0, 5]]) as [Call];
    const headers = { 'cache-control': 'private, no-store', 'content-type': 'application/problem+json' };
    const running = { status: 409, headers, body: { code: 'IDEMPOTENCY_IN_PROGRESS' } };
    const during = { client: 1, request: keyed, reply: { ...running, from: 2, to: 4 } };
    expect(linearise(WORLD, [first, during])).toHaveProperty('world');
    const after = { client: 1, request: keyed, reply: { ...running, from: 6, to: 7 } };
    expect(linearise(WORLD, [first, after])).toHaveProperty('fault');
  });
});
