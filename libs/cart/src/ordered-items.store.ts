import { Injectable } from '@nestjs/common';
import { CartItem, formatItem } from '@app/database';
import { keys, loadScripts, RedisConnection, Script } from '@app/redis';
import { CartLoader } from './cart.loader.js';
import { CartOwner } from './cart.owner.js';
import { runCartScript } from './cart.script.js';

const scripts = loadScripts(new URL('./lua/', import.meta.url));
const SCRIPTS = { take: scripts.get('take-ordered'), return: scripts.get('return-ordered') };

/** Far longer than an order can wait to be taken from, or returned to, a cart: it may wait 30 days to be paid. */
const RECORD_SECONDS = 60 * 24 * 60 * 60;

type Step = 'take' | 'return';

/** So much of an item of a cart, as the item was then. */
export interface OrderedItem {
  item: CartItem;
  quantity: number;
}

/** What an order did to a cart; `version`: of the change, undefined when there was nothing to change. */
export interface CartStep {
  version: string | undefined;
}

/**
 * What orders do to a user's cart: take what was bought, bring it back when the order came to nothing. Each is one
 * script and does it once, however often it is repeated.
 */
@Injectable()
export class OrderedItemsStore {
  constructor(
    private readonly redis: RedisConnection,
    private readonly loader: CartLoader,
  ) {}

  async take(userId: string, orderId: string, ordered: readonly OrderedItem[]): Promise<CartStep> {
    const items = ordered.flatMap(({ item, quantity }) => [item.skuId, String(quantity), item.position]);
    const [head] = await this.run(SCRIPTS.take, 'take', userId, orderId, [orderId, String(RECORD_SECONDS), ...items]);
    return { version: head?.words[1] };
  }

  /** Whether Redis knows that the order was taken. */
  async isTaken(userId: string, orderId: string): Promise<boolean> {
    return (await this.redis.command<number>(['EXISTS', recordOf(userId, orderId, 'take')])) === 1;
  }

  /** `quantities`: how much of each SKU came back, which is all of it unless no row can hold so much. */
  async giveBack(
    userId: string,
    orderId: string,
    ordered: readonly OrderedItem[],
  ): Promise<CartStep & { quantities: Map<string, number> }> {
    const items = ordered.flatMap(({ item, quantity }) => [item.skuId, String(quantity), formatItem(item)]);
    const [head, ...lines] = await this.run(SCRIPTS.return, 'return', userId, orderId, [
      orderId,
      String(RECORD_SECONDS),
      ...items,
    ]);
    return {
      version: head?.words[1],
      quantities: new Map(lines.map(({ skuId, words }) => [skuId, Number(words[0])])),
    };
  }

  private async run(script: Script, step: Step, userId: string, orderId: string, args: string[]) {
    const owner: CartOwner = { kind: 'user', id: userId };
    const ownKeys = [recordOf(userId, orderId, step)];
    const result = await this.loader.write(owner, () =>
      runCartScript(this.redis, { script, owner, ownKeys, args, options: { minimal: true }, outboxMax: 0 }),
    );
    if (result.code !== 'OK') throw new Error(`an order's step on the cart ended with ${result.code}`);
    return result.lines;
  }
}

function recordOf(userId: string, orderId: string, step: Step): string {
  return keys.ordered(`user:${userId}`, orderId, step);
}
