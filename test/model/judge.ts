import { Reply } from './http-client.js';
import { differences, Ledger } from './match.js';
import { Request } from './requests.js';
import { cartOf, Expected, step, World } from './world.js';

export interface Verdict {
  /** As it is if the answer is right. */
  world: World;
  /** Where the answer differs from the contract; none: it is right. */
  faults: string[];
  changed: boolean;
}

/** Lets the model take the same step, and compares the whole answer. */
export function judge(world: World, request: Request, reply: Reply, ledger: Ledger): Verdict {
  const stamp = versionOf(reply);
  const { world: after, expected } = step(world, request, stamp ?? '0');
  const faults: string[] = [];
  if (reply.status !== expected.status) {
    faults.push(`status: expected ${expected.status}, but is ${reply.status} ${JSON.stringify(reply.body)}`);
  } else {
    const before = cartOf(world, request.owner).version;
    if (expected.changed && !(stamp && BigInt(stamp) > BigInt(before))) {
      faults.push(`version: expected one above ${before}, for the cart has changed, but is ${stamp}`);
    }
    if (expected.changed && stamp) ledger.note(stamp, reply.from, reply.to);
    faults.push(...differences(expected.body, reply.body, ledger), ...headerFaults(expected, reply));
  }
  return { world: after, faults, changed: expected.changed };
}

/** The version the service says the cart has now. */
export function versionOf({ status, body, cartVersion }: Reply): string | undefined {
  const { version = cartVersion } = body as { version?: unknown };
  return status < 300 && typeof version === 'string' && /^\d+$/.test(version) ? version : undefined;
}

function headerFaults({ etag, replayed, status }: Expected, { headers }: Reply): string[] {
  const expected: [name: string, value: string | undefined][] = [
    ['cache-control', 'private, no-store'],
    ['idempotent-replayed', replayed ? 'true' : undefined],
    ['content-type', status < 300 ? 'application/json' : 'application/problem+json'],
  ];
  if (etag !== null) expected.push(['etag', `"${etag}"`]);
  return expected
    .filter(([name, value]) => String(headers[name]).replace(/;.*/, '') !== String(value))
    .map(([name, value]) => `header ${name}: expected ${value}, but is ${String(headers[name])}`);
}
