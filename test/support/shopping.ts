import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import type { CartDto } from '../../libs/cart/src/dto/cart.dto.js';
import type { Answer, Api, Shopper } from './api.js';

/** Between two calls of a shopper, ms: a crowd that is always there, and leaves the machine some air. */
const PAUSE_MS = 100;
const MOST = 60;

/** Shoppers who go on reading and changing their carts, whatever happens, until they are stopped. */
export class Shopping {
  /** Calls so far, and what became of those that did not succeed. */
  calls = 0;
  readonly failures: string[] = [];
  private readonly carts: KnownCart[];
  private isOver = false;
  private running: Promise<unknown> | undefined;

  /** Each of the shoppers takes some of the SKUs; their carts are loaded by then. */
  private constructor(shoppers: readonly Shopper[], skuIds: readonly string[]) {
    this.carts = shoppers.map((shopper) => new KnownCart(shopper, skuIds));
  }

  static async begin(shoppers: readonly Shopper[], skuIds: readonly string[]): Promise<Shopping> {
    const shopping = new Shopping(shoppers, skuIds);
    for (const { shopper } of shopping.carts) expect((await shopper.add(skuIds[0]!)).status).toBe(201);
    shopping.running = Promise.all(shopping.carts.map((cart) => shopping.shop(cart)));
    return shopping;
  }

  async stop(): Promise<void> {
    this.isOver = true;
    await this.running;
  }

  /**
   * In the end every cart, as `at` shows it, is what its shopper expects. Returns the versions that were acknowledged, by
   * user.
   */
  async prove(at: Api): Promise<Map<string, ReadonlySet<string>>> {
    for (const cart of this.carts) cart.assert(await cart.shopper.at(at).cart());
    return new Map(this.carts.map(({ shopper, versions }) => [shopper.id, versions]));
  }

  private async shop(cart: KnownCart): Promise<void> {
    while (!this.isOver) {
      const failure = await cart.step();
      this.calls += 1;
      if (failure !== undefined) this.failures.push(failure);
      await delay(PAUSE_MS);
    }
  }
}

/** A shopper, and what must be in the cart after all that was answered. */
class KnownCart {
  /** Of every change that was acknowledged. */
  readonly versions = new Set<string>();
  /** SKU → quantity; unknown at first, and after a call without a good answer. */
  private quantities: Map<string, number> | undefined;

  constructor(
    readonly shopper: Shopper,
    private readonly skuIds: readonly string[],
  ) {}

  /** One call; returns why it failed. */
  async step(): Promise<string | undefined> {
    try {
      const { status, body } = await this.call();
      if (status < 300) return undefined;
      this.quantities = undefined;
      return `${status} ${body.code}`;
    } catch (error) {
      this.quantities = undefined;
      return String(error);
    }
  }

  /** The cart is as it must be. */
  assert({ items, badge }: CartDto): void {
    const found = new Map(items.map(({ skuId, quantity }) => [skuId, quantity]));
    this.quantities ??= found;
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(this.quantities));
    expect(badge.quantity).toBe([...found.values()].reduce((sum, quantity) => sum + quantity, 0));
  }

  private async call(): Promise<Answer> {
    const skuId = this.skuIds[randomInt(this.skuIds.length)]!;
    const quantity = this.quantities?.get(skuId) ?? 0;
    const what = this.quantities ? randomInt(7) : 0;
    if (what === 0) return this.read();
    if (what === 1) return this.shopper.get('/v1/cart/badge');
    if (quantity === 0 || (what < 4 && quantity < MOST))
      return this.write(skuId, quantity + 1, this.shopper.add(skuId));
    const path = `/v1/cart/items/${skuId}`;
    if (what === 4) return this.write(skuId, 0, this.shopper.delete(path));
    if (what === 5) return this.write(skuId, quantity, this.shopper.patch(path, { selected: randomInt(2) === 1 }));
    const set = 1 + randomInt(MOST);
    return this.write(skuId, set, this.shopper.patch(path, { quantity: set }));
  }

  private async read(): Promise<Answer> {
    const answer = await this.shopper.get<CartDto>('/v1/cart');
    if (answer.status === 200) this.assert(answer.body);
    return answer;
  }

  private async write(skuId: string, quantity: number, call: Promise<Answer>): Promise<Answer> {
    const answer = await call;
    if (answer.status >= 300) return answer;
    this.versions.add(answer.body.version);
    if (quantity === 0) this.quantities!.delete(skuId);
    else this.quantities!.set(skuId, quantity);
    this.assert(answer.body);
    return answer;
  }
}
