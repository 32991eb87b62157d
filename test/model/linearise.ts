import { isDeepStrictEqual } from 'node:util';
import { Reply } from './http-client.js';
import { judge, Verdict } from './judge.js';
import { Ledger } from './match.js';
import { Request, toWire } from './requests.js';
import { cartOf, World } from './world.js';

/** One request of one of several clients, with its answer. */
export interface Call {
  client: number;
  request: Request;
  reply: Reply;
}

export interface Order {
  calls: Call[];
  world: World;
}

/**
 * An order in which the model, asked one call after another, gives every answer as it was given (Wing and Gong, 1993):
 * a call that had ended before another began comes before it. Changes carry ascending versions, so that hardly anything
 * is left to try. The last fault before giving up is said, of the longest order that could be explained.
 */
export function linearise(world: World, calls: readonly Call[]): Order | { fault: string } {
  const clients = [...new Set(calls.map((call) => call.client))];
  const queues = clients.map((client) => calls.filter((call) => call.client === client));
  const dead = new Set<string>();
  let longest = { length: -1, faults: [] as string[] };

  const search = (at: readonly number[], now: World, done: readonly Call[]): Order | undefined => {
    if (done.length === calls.length) return { calls: [...done], world: now };
    const heads = queues.map((queue, i) => queue[at[i]!]);
    const earliestEnd = Math.min(...heads.map((call) => call?.reply.to ?? Infinity));
    const faults: string[] = [];
    for (const [i, call] of heads.entries()) {
      if (!call || call.reply.from > earliestEnd) continue;
      const { world: next, faults: found, changed } = explain(now, call, calls, new Ledger());
      if (found.length > 0) {
        faults.push(`client ${call.client}, ${JSON.stringify(call.request)}: ${found.join('; ')}`);
        continue;
      }
      const further = at.map((index, j) => (j === i ? index + 1 : index));
      const state = `${further.join()} ${fingerprint(next)}`;
      if (dead.has(state)) continue;
      const order = search(further, next, [...done, call]);
      if (order) return order;
      dead.add(state);
      // What changed nothing at all could as well have come first: if it does not help now, nothing else will.
      if (!changed && next.done === now.done && next.merged === now.merged) break;
    }
    if (done.length > longest.length && faults.length > 0) longest = { length: done.length, faults };
    return undefined;
  };
  const order = search(
    queues.map(() => 0),
    world,
    [],
  );
  return order ?? { fault: `after ${longest.length} of ${calls.length} calls:\n  ${longest.faults.join('\n  ')}` };
}

/** @param ledger one of its own for each try, for one that fails must not teach anything */
export function explain(world: World, call: Call, calls: readonly Call[], ledger: Ledger): Verdict {
  if (isTurnedAway(call, calls)) return { world, faults: [], changed: false };
  return judge(world, call.request, call.reply, ledger);
}

/**
 * Whether a call was refused for another one that was just running, which the model, doing one thing at a time, cannot
 * know: a request with the same key (with another body it is told that instead, even when the first then comes to
 * something that is never stored), and a merge, which closes the guest's cart first and opens it again when it fails.
 */
function isTurnedAway({ request, reply }: Call, calls: readonly Call[]): boolean {
  const { code } = reply.body as { code?: string };
  const running = calls
    .filter((call) => call.reply !== reply && call.reply.from <= reply.to && call.reply.to >= reply.from)
    .map((call) => call.request);
  if (code === 'GUEST_CART_MERGED') {
    return running.some(({ operation }) => operation.op === 'merge' && operation.guest === request.owner);
  }
  if (code !== 'IDEMPOTENCY_IN_PROGRESS' && code !== 'IDEMPOTENCY_KEY_REUSED') return false;
  return running.some(
    (other) =>
      keyOf(other) === keyOf(request) &&
      isDeepStrictEqual(bodyOf(other), bodyOf(request)) === (code === 'IDEMPOTENCY_IN_PROGRESS'),
  );
}

function keyOf({ owner, operation, idempotencyKey }: Request): string {
  const { method, path } = toWire(operation);
  return [owner, method, path, idempotencyKey].join(' ');
}

const bodyOf = ({ operation }: Request) => toWire(operation).body;

/** Two worlds alike in this go on alike: what a version holds is decided by the change that made it. */
function fingerprint(world: World): string {
  const versions = [...world.owners.keys()].map((owner) => cartOf(world, owner).version);
  return `${versions.join()} ${[...world.done.keys()].join()} ${[...world.merged.keys()].join()}`;
}
