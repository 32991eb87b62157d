import { randomInt } from 'node:crypto';
import { Catalogue, Settings, Sku } from './catalogue.js';
import { Command, Ids, Match, resolve, Scene, SkuChange, USERS } from './commands.js';
import { HttpClient, Reply } from './http-client.js';
import { contentOf } from './ordering.js';
import { isRead, Operation, orderName, Request, Seen, toWire } from './requests.js';
import { Tally } from './tally.js';
import { World } from './world.js';

/** Beyond 2^53, and one apart: whoever takes an id for a number mixes them up. */
const FIRST_ID = 9_007_199_254_740_993n;
const SHOPS = 3;

const decimals = (cents: number) => (cents / 100).toFixed(2);

/**
 * A running service with SKUs that nobody else uses: one sequence after another is played there, each with new shoppers.
 */
export class Stage {
  readonly ids: Ids;

  private constructor(
    readonly client: HttpClient,
    readonly tally: Tally,
    private readonly settings: Settings,
    private readonly admin: Record<string, string>,
    skus: number,
  ) {
    const first = FIRST_ID + BigInt(randomInt(2 ** 40)) * 1000n;
    const id = (i: number) => String(first + BigInt(i));
    this.ids = {
      skuIds: Array.from({ length: skus }, (_, i) => id(i)),
      shopIds: Array.from({ length: SHOPS }, (_, i) => id(100 + i)),
      unknown: id(999),
    };
  }

  static async open(client: HttpClient, tally: Tally, settings: Settings, skus: number): Promise<Stage> {
    return new Stage(client, tally, settings, await login(client, newUserId(), ['admin']), skus);
  }

  /** Puts the SKUs of the scene on the shelves and lets new shoppers in. */
  async begin(scene: Scene): Promise<Play> {
    const skus = this.ids.skuIds.map((skuId, i) => ({ ...this.plainSku(skuId, i), ...scene[skuId] }));
    await this.upsert(skus);
    const catalogue = new Catalogue(new Map(skus.map((sku) => [sku.skuId, sku])));
    return new Play(this, {
      settings: this.settings,
      catalogue,
      owners: new Map(),
      carts: new Map(),
      done: new Map(),
      merged: new Map(),
      orders: [],
    });
  }

  /** The catalogue after an operator's change, which the service has made too. */
  async change(catalogue: Catalogue, skuId: string, change: SkuChange): Promise<Catalogue> {
    const sku = catalogue.get(skuId);
    if (change === 'restore') {
      const restored = this.plainSku(skuId, this.ids.skuIds.indexOf(skuId));
      await this.upsert([restored]);
      return catalogue.with(restored);
    }
    const path = `/v1/admin/skus/${skuId}`;
    if (change === 'delete') {
      await this.operate('DELETE', path, undefined, !sku);
      return catalogue.without(skuId);
    }
    const body = change.price === undefined ? change : { ...change, price: decimals(change.price) };
    await this.operate('PATCH', path, body, !sku);
    return sku ? catalogue.with({ ...sku, ...change }) : catalogue;
  }

  private upsert(skus: readonly Sku[]): Promise<void> {
    const body = skus.map((sku) => ({ ...sku, price: decimals(sku.price) }));
    return this.operate('PUT', '/v1/admin/skus', body);
  }

  private async operate(method: string, path: string, body: unknown, isUnknown = false): Promise<void> {
    const { status, body: answer } = await this.client.send(method, path, { headers: this.admin, body });
    const isRight = isUnknown ? status === 404 : status === 200 || status === 204;
    if (!isRight) throw new Error(`${method} ${path} answered ${status}: ${JSON.stringify(answer)}`);
  }

  private plainSku(skuId: string, index: number): Sku {
    const shop = index % SHOPS;
    return {
      skuId,
      skuCode: `code-${skuId}`,
      // Two products with variants, and a SKU that is of none.
      spuId: index === 2 ? null : this.ids.shopIds[index % 2]!,
      shopId: this.ids.shopIds[shop]!,
      shopName: `Shop ${shop}`,
      name: `SKU "${index}" 白`,
      image: `/images/${index}.png`,
      spec: index % 2 ? 'white' : '',
      price: 100,
      stock: 50,
      lowStockThreshold: null,
      purchaseLimit: null,
      status: 'on',
    };
  }
}

export type ShopperCommand = Exclude<Command, { by: 'operator' }>;

/** What a client has seen of a cart. */
export interface Sight {
  version: string;
  /** Newest first. */
  items: readonly { skuId: string; shopId: string }[];
}

export const NOTHING_SEEN: Sight = { version: '0', items: [] };

/** Some shoppers on a stage: who they are, and how they ask. */
export class Play {
  private readonly credentials = new Map<string, Record<string, string>>();
  /** What the service calls the guests and orders of the world. */
  private readonly ids = new Map<string, string>();
  /** The latest preview of each. */
  private readonly previews = new Map<string, Preview>();

  constructor(
    readonly stage: Stage,
    public world: World,
  ) {}

  /** Everybody a command speaks of gets a name at the service, when it comes to it. */
  async meet(command: Command): Promise<void> {
    if (command.by === 'buyer') return this.meet({ ...command, by: 'shopper', operation: { op: 'read' } });
    if (command.by !== 'shopper') return;
    const { owner, alsoAs, operation } = command;
    const names = [owner, alsoAs, operation.op === 'merge' ? operation.guest : undefined];
    for (const name of names) if (name !== undefined && !this.credentials.has(name)) await this.introduce(name);
  }

  private async introduce(name: string): Promise<void> {
    const { client } = this.stage;
    const isUser = USERS.some((user) => user === name);
    const userId = isUser ? newUserId() : null;
    if (userId) {
      this.credentials.set(name, await login(client, userId, []));
    } else {
      const { status, body } = await client.send('POST', '/v1/guest-carts');
      const { clientCartId, expiresInSeconds } = body as { clientCartId: string; expiresInSeconds: number };
      if (status !== 201 || expiresInSeconds !== 30 * 86_400) throw new Error(`no guest cart: ${JSON.stringify(body)}`);
      this.credentials.set(name, { 'x-client-cart-id': clientCartId });
      this.ids.set(name, clientCartId);
    }
    this.world = { ...this.world, owners: new Map(this.world.owners).set(name, userId) };
  }

  /**
   * @param sightOf the cart of an owner, as far as the one who asks has seen it
   * @param sent what was asked before
   * @returns nothing for the repeat of a request, or for an order to close, when there is none
   */
  toRequest(command: ShopperCommand, sightOf: (owner: string) => Sight, sent: readonly Request[]): Request | undefined {
    const { match } = command;
    if (command.by === 'repeat') {
      const keyed = sent.filter((request) => request.idempotencyKey !== undefined);
      const request = keyed.at(-1 - (command.back % (keyed.length || 1)));
      return (
        request && {
          ...request,
          minimal: command.minimal,
          ifMatch: match && ifMatch(match, sightOf(request.owner).version),
        }
      );
    }
    const { owner, key } = command;
    const { version, items } = sightOf(owner);
    if (command.by === 'buyer') {
      const operation = checkoutOf(command, this.previews.get(owner));
      return { owner, operation, ifMatch: match && ifMatch(match, version), idempotencyKey: key };
    }
    const { alsoAs, minimal } = command;
    const operation = this.numbered(resolve(command.operation, items, this.stage.ids));
    if (!operation) return undefined;
    // A preview takes no notice of a key.
    const idempotencyKey = isRead(operation) && operation.op !== 'preview' ? undefined : key;
    return {
      owner,
      operation,
      ifMatch: match && !isRead(operation) ? ifMatch(match, version) : undefined,
      idempotencyKey,
      minimal,
      alsoAs,
    };
  }

  /** An order to be closed is counted back from the latest. */
  private numbered(operation: Operation): Operation | undefined {
    if (operation.op !== 'cancel' && operation.op !== 'pay') return operation;
    const { length } = this.world.orders;
    return length === 0 ? undefined : { ...operation, order: length - 1 - (operation.order % length) };
  }

  /** Keeps what the client needs later of an answer that is right. */
  learn({ owner, operation }: Request, { status, headers, body }: Reply): void {
    if (operation.op === 'preview') this.previews.set(owner, body as Preview);
    if (operation.op !== 'checkout' || status !== 201 || headers['idempotent-replayed']) return;
    this.ids.set(orderName(this.world.orders.length - 1), (body as { orderId: string }).orderId);
  }

  async send({ owner, operation, ifMatch: match, idempotencyKey, minimal, alsoAs }: Request): Promise<Reply> {
    const { method, path, body } = toWire(operation, (name) => this.ids.get(name)!);
    const headers: Record<string, string> = { ...this.credentials.get(owner) };
    const isUser = 'authorization' in headers;
    if (isUser && alsoAs) Object.assign(headers, this.credentials.get(alsoAs));
    if (match !== undefined) headers['if-match'] = match;
    if (idempotencyKey !== undefined) headers['idempotency-key'] = idempotencyKey;
    if (minimal) headers['prefer'] = 'return=minimal';
    const reply = await this.stage.client.send(method, path, { headers, body });
    if ((operation.op !== 'checkout' && operation.op !== 'cancel') || reply.status >= 300) return reply;
    const after = await this.stage.client.send('GET', '/v1/cart', { headers: this.credentials.get(owner) });
    return { ...reply, cartVersion: (after.body as { version: string }).version };
  }
}

/** What a shopper consents to. */
interface Preview {
  quote: string;
  totals: { payable: string };
  items: Seen[];
}

function checkoutOf({ shows, pays }: Extract<Command, { by: 'buyer' }>, preview: Preview | undefined): Operation {
  if (!preview || shows === 'nothing') return { op: 'checkout', expectedPayable: '99999999.99' };
  const { quote, totals, items } = preview;
  const payable = Math.round(Number(totals.payable) * 100);
  return {
    op: 'checkout',
    expectedPayable: decimals(pays === 'less' ? Math.max(0, payable - 1) : payable),
    ...(shows === 'items' ? {} : { quote, quoteOf: contentOf(items) }),
    ...(shows === 'quote' ? {} : { items: items.map(({ skuId, quantity }) => ({ skuId, quantity })) }),
  };
}

function ifMatch(match: Match, version: string): string {
  const known = /^\d+$/.test(version) ? version : '0';
  if (match === 'any') return '*';
  // A change stamps microseconds, so the one before it is never a version of this cart, or long gone.
  const stale = known === '0' ? '1' : String(BigInt(known) - 1n);
  if (match === 'stale') return `"${stale}"`;
  return match === 'listed' ? `"${stale}", "${known}"` : `"${known}"`;
}

async function login(client: HttpClient, userId: string, roles: string[]): Promise<Record<string, string>> {
  const { status, body } = await client.send('POST', '/v1/dev/login', { body: { userId, roles } });
  if (status !== 200) throw new Error(`no login: ${JSON.stringify(body)}`);
  return { authorization: `Bearer ${(body as { token: string }).token}` };
}

const newUserId = () => String(FIRST_ID + BigInt(randomInt(2 ** 47)) * 1_000n + BigInt(randomInt(1000)));
