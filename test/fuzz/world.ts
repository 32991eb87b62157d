import { Api } from '../support/api.js';
import { freshSkuId, freshUserId } from '../support/services.js';
import type { Random } from './random.js';

/** Somebody the service knows, and what the fuzzer has learnt of their cart. */
export interface Identity {
  kind: 'user' | 'guest' | 'admin';
  /** User id, or the token of a guest. */
  id: string;
  headers: Record<string, string>;
  version?: string;
  /** Of the latest preview. */
  quote?: string;
  skuIds: string[];
}

const USERS = 6;
const GUESTS = 6;
const SHOPS = ['7', '8', '9'];
const SPUS = ['701', '702'];

const COUPONS = 6;

const tier = (threshold: number) => ({ threshold: `${threshold}.00`, discount: `${threshold / 10}.00` });

/** What meaningful requests are made of: shoppers with carts, SKUs in every state. */
export class World {
  readonly users: Identity[] = [];
  readonly guests: Identity[] = [];
  /** SKUs that only shoppers touch. */
  readonly skus: string[] = [];
  /** SKUs that operators change and delete while shoppers hold them. */
  readonly volatileSkus: string[] = [];
  admin!: Identity;

  private constructor(readonly api: Api) {}

  static async create(url: string): Promise<World> {
    const world = new World(new Api(url));
    world.admin = { ...(await world.login(['admin'])), kind: 'admin' };
    for (let i = 0; i < USERS; i++) world.users.push(await world.login([]));
    for (let i = 0; i < GUESTS; i++) world.remember((await world.api.guest()).id);
    await world.stockUp();
    return world;
  }

  /** A guest's cart that somebody asked for; the oldest is forgotten. */
  remember(clientCartId: string): void {
    this.guests.push({
      kind: 'guest',
      id: clientCartId,
      headers: { 'x-client-cart-id': clientCartId },
      skuIds: [],
    });
    if (this.guests.length > GUESTS) this.guests.shift();
  }

  shopper(random: Random): Identity {
    return random.chance(0.7) ? random.pick(this.users) : random.pick(this.guests);
  }

  /** A value for a field of this name, as somebody would send it who knows the shop; undefined for other names. */
  valueOf(field: string, random: Random, who: Identity | undefined, isAdminRoute: boolean): unknown {
    const one = () => (isAdminRoute ? this.adminSku(random) : this.shopperSku(random, who));
    switch (field) {
      case 'skuId':
        return one();
      case 'skuIds':
        return [...new Set(Array.from({ length: random.int(1, 5) }, one))];
      // The dead letters of PrivateApp, and one that is none.
      case 'id':
        return String(random.int(1, 4));
      case 'userId':
        return random.chance(0.9) ? random.pick(this.users).id : freshUserId();
      // One that is free: a code belongs to one SKU.
      case 'skuCode':
        return random.chance(0.9) ? `code-${random.int(1, 2 ** 40)}` : undefined;
      case 'shopId':
        return random.pick(SHOPS);
      case 'spuId':
        return random.pick(SPUS);
      case 'clientCartId':
        return random.pick(this.guests).id;
      case 'quantity':
        return random.weighted([8, random.int(1, 4)], [1, random.pick([98, 99, 100, 2 ** 31 - 1])]);
      case 'delta':
        return random.weighted([8, random.pick([-2, -1, 1, 2])], [1, random.pick([-(2 ** 31) + 1, 2 ** 31 - 1, 99])]);
      // Limits that leave the shoppers something to do.
      case 'maxSkus':
        return random.int(30, 500);
      case 'maxQuantityPerSku':
        return random.int(20, 5000);
      // The numbers that a new database gives.
      case 'orderId':
        return String(random.int(1, 40));
      case 'expectedPayable':
        return random.weighted([8, '99999999.99'], [1, '0.01']);
      // Of what the cart was a moment ago, and mostly still is.
      case 'quote':
        return random.chance(0.8) ? who?.quote : undefined;
      case 'roles':
        return random.some(['admin', 'payment', 'x'], 0.3);
      case 'stock':
        return random.weighted([6, random.int(50, 1000)], [1, 0], [1, random.int(1, 4)], [1, 2 ** 31 - 1]);
      case 'until':
        return new Date(Date.now() + random.int(2, 60) * 60_000).toISOString();
      case 'couponId':
        return `coupon-${random.int(1, COUPONS)}`;
      case 'coupons':
        return random.pick(['best', 'none', `coupon-${random.int(1, COUPONS)}`, 'coupon-1,coupon-2']);
      case 'promotionId':
        return `promotion-${random.int(1, 12)}`;
      case 'tiers':
        return random.some([tier(60), tier(200)], 0.5);
      case 'startsAt':
        return random.pick([null, new Date(Date.now() - 60_000).toISOString()]);
      case 'endsAt':
        return random.pick([null, new Date(Date.now() + random.int(1, 60) * 60_000).toISOString()]);
      case 'status':
        return random.weighted([4, 'on'], [1, 'off']);
      default:
        return undefined;
    }
  }

  private shopperSku(random: Random, who: Identity | undefined): string {
    const mine = who?.skuIds ?? [];
    if (mine.length > 0 && random.chance(0.55)) return random.pick(mine);
    return random.weighted(
      [12, random.pick(this.skus)],
      [4, random.pick(this.volatileSkus)],
      [1, String(random.int(1, 2 ** 47))],
    );
  }

  private adminSku(random: Random): string {
    return random.chance(0.9) ? random.pick(this.volatileSkus) : freshSkuId();
  }

  private async login(roles: string[]): Promise<Identity> {
    const { id, headers } = await this.api.login(freshUserId(), roles);
    return { kind: 'user', id, headers, skuIds: [] };
  }

  private async stockUp(): Promise<void> {
    const many = (count: number, more: object) =>
      Array.from({ length: count }, (_, i) => ({ shopId: SHOPS[i % 3]!, spuId: SPUS[i % 4] ?? null, ...more }));
    const kinds = [
      ...many(30, {}),
      ...many(3, { status: 'off' }),
      ...many(3, { stock: 0 }),
      ...many(3, { stock: 3 }),
      ...many(3, { purchaseLimit: 2 }),
    ];
    this.skus.push(...(await this.api.skus(...kinds)));
    const coupons = Array.from({ length: COUPONS }, (_, i) => ({
      ...{ couponId: `coupon-${i + 1}`, label: 'one off', kind: 'fixed', amount: '1.00', threshold: '0.00' },
      scope: i % 2 === 0 ? { platform: true } : { shopId: SHOPS[i % 3] },
    }));
    await (await this.api.admin()).put('/v1/admin/coupons', coupons);
    this.volatileSkus.push(...(await this.api.skus(...many(15, {}))));
  }
}
