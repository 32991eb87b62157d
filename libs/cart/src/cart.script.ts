import { GUEST_CART_SECONDS, IdempotencyClaim } from '@app/identity';
import { keys, RedisConnection, Script } from '@app/redis';
import { CartOwner, ownerKey, ownerLabel } from './cart.owner.js';
import { parseResult, ScriptAnswer, WriteResult } from './cart.result.js';

/** What a request demands of a write. */
export interface WriteOptions {
  /** Versions that are accepted, from `If-Match`; all of them when left out. */
  ifMatch?: readonly string[];
  /** Answer the counters alone. */
  minimal?: boolean;
  /** The idempotency record the request has claimed. */
  claim?: IdempotencyClaim;
  /** The device that asks, for the change log. */
  device?: string;
}

/** Runs a script that includes `lua/includes/cart.lua`: the keys and arguments all of them share, then its own. */
export async function runCartScript(redis: RedisConnection, call: ScriptCall): Promise<WriteResult> {
  return parseResult(call.owner, await callCartScript(redis, call));
}

/** The answer as it comes, of a script that may say more than the others. */
export async function callCartScript(
  redis: RedisConnection,
  { script, owner, options, args, ownKeys = [], outboxMax }: ScriptCall,
): Promise<ScriptAnswer> {
  const key = ownerKey(owner);
  const cart = keys.cart(key);
  try {
    return (await redis.run(
      script,
      [cart, keys.removed(key), keys.outbox, keys.active, keys.undo(key), options.claim?.key ?? cart, ...ownKeys],
      [
        ownerLabel(owner),
        owner.kind === 'user' ? '0' : String(GUEST_CART_SECONDS),
        options.ifMatch?.join(',') ?? '',
        `${options.minimal ? 'minimal' : 'full'} ${outboxMax} ${options.device ?? ''}`,
        options.claim ? `${options.claim.token} ${options.claim.hash}` : '',
        ...args,
      ],
    )) as ScriptAnswer;
  } catch (error) {
    // A script reads before it writes: it has done nothing.
    if (error instanceof Error && UNREADABLE.test(error.message)) return ['UNREADABLE'];
    throw error;
  }
}

/** How Redis passes on what a script fails with. */
const UNREADABLE = /^(?:ERR )?UNREADABLE\b/;

export interface ScriptCall {
  script: Script;
  owner: CartOwner;
  options: WriteOptions;
  args: readonly string[];
  /** Keys after the shared six. */
  ownKeys?: readonly string[];
  /** How many entries the outbox may have before the cart is marked instead; 0 = any number. */
  outboxMax: number;
}
