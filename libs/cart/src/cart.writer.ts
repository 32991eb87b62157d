import { Injectable } from '@nestjs/common';
import { AppError, crashPoint, ErrorCode } from '@app/common';
import { IdempotencyClaim, IdempotencyStore, IdempotentRequest } from '@app/identity';
import { RefusalOptions, refusalOf } from './cart.errors.js';
import { CartLoader } from './cart.loader.js';
import { CartOwner } from './cart.owner.js';
import { parseStored, ResultLine, StoredResult, WriteResult } from './cart.result.js';
import { WriteOptions } from './cart.script.js';
import { CartView, ViewOptions } from './cart.view.js';
import { CartDto, MinimalCartDto } from './dto/cart.dto.js';
import { LiveCart } from './live-cart.js';

/** What the client demands of a write, and how it wants to be answered. */
export interface AnswerOptions extends Pick<ViewOptions, 'group' | 'coupons'> {
  /** Versions that are accepted, from `If-Match`; all of them when left out. */
  ifMatch?: readonly string[];
  /** Answer the counters alone, instead of the whole cart. */
  minimal?: boolean;
  idempotency?: IdempotentRequest;
  /** The device that asks, from `X-Device`; for the change log. */
  device?: string;
}

/** A change that was made: the cart as it left it, and what else the request was told. */
export interface Written {
  cart: CartDto | MinimalCartDto;
  lines: ResultLine[];
  /** An earlier request with the same Idempotency-Key made the change; the cart is as it is now. */
  replayed: boolean;
}

/** How a refusal is named; a route with lines of its own form brings its own. */
export type ToRefusal = (lines: readonly ResultLine[], options?: RefusalOptions) => AppError;

/** A script that may need another look at what its caller read before: `CHANGED` makes it run again. */
export type WriteScript = (options: WriteOptions) => Promise<WriteResult>;

/** Somebody else was faster each time; the client may try again. */
const ATTEMPTS = 8;

/**
 * Runs the scripts that change carts for requests: repeats are answered from their record, cold carts are loaded, a
 * refusal becomes a problem and a change the cart it left.
 */
@Injectable()
export class CartWriter {
  constructor(
    private readonly loader: CartLoader,
    private readonly view: CartView,
    private readonly idempotency: IdempotencyStore,
  ) {}

  async write(
    owner: CartOwner,
    options: AnswerOptions,
    script: WriteScript,
    toRefusal: ToRefusal = refusalOf,
  ): Promise<Written> {
    if (!options.idempotency) return this.run(owner, options, undefined, script, toRefusal);
    const claimed = await this.idempotency.claim(options.idempotency);
    if ('answer' in claimed) return this.replay(owner, options, parseStored(claimed.answer), toRefusal);
    crashPoint('write-claimed');
    try {
      return await this.run(owner, options, claimed.claim, script, toRefusal);
    } catch (error) {
      // Only a claim that no script has settled is still this request's.
      await this.idempotency.release(claimed.claim);
      throw error;
    }
  }

  private async run(
    owner: CartOwner,
    options: AnswerOptions,
    claim: IdempotencyClaim | undefined,
    script: WriteScript,
    toRefusal: ToRefusal,
  ): Promise<Written> {
    const { ifMatch, minimal, device } = options;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const result = await this.loader.write(owner, () => script({ ifMatch, minimal, claim, device }));
      switch (result.code) {
        case 'OK':
          crashPoint('write-done');
          return { cart: await this.answer(owner, result.cart, options), lines: result.lines, replayed: false };
        case 'REFUSED':
          throw toRefusal(result.lines);
        case 'REPLAYED':
          return this.replay(owner, options, result.stored, toRefusal);
        case 'VERSION_MISMATCH': {
          const cart = await this.render(owner, result.cart, options);
          throw new AppError('VERSION_MISMATCH', [], undefined, { extra: { cart } });
        }
        case 'IDEMPOTENCY_IN_PROGRESS':
        case 'IDEMPOTENCY_KEY_REUSED':
          throw new AppError(result.code satisfies ErrorCode);
        case 'CHANGED':
          continue;
      }
    }
    throw new AppError('CART_BUSY', [], 'The cart changes faster than it can be read', { retryAfter: 1 });
  }

  private async replay(
    owner: CartOwner,
    options: AnswerOptions,
    { code, lines }: StoredResult,
    toRefusal: ToRefusal,
  ): Promise<Written> {
    const cart = await this.answer(owner, await this.loader.read(owner), {
      ...options,
      minimal: options.minimal && code === 'OK',
    });
    if (code === 'OK') return { cart, lines, replayed: true };
    throw toRefusal(lines, { extra: { cart }, headers: { 'idempotent-replayed': 'true' } });
  }

  private async answer(owner: CartOwner, cart: LiveCart, options: AnswerOptions): Promise<CartDto | MinimalCartDto> {
    const minimal = { version: cart.version, badge: cart.badge };
    if (options.minimal) return minimal;
    try {
      return await this.render(owner, cart, options);
    } catch (error) {
      // The change is made. A catalogue that cannot be reached for showing it must not make the shopper repeat it.
      if ((error as { appCode?: string }).appCode !== 'CART_UNAVAILABLE') throw error;
      return minimal;
    }
  }

  /** No coupon is a reason to refuse what is done already. */
  private render(owner: CartOwner, cart: LiveCart, { group, coupons }: AnswerOptions): Promise<CartDto> {
    return this.view.render(owner, cart, { group, coupons, isAnswer: true });
  }
}
