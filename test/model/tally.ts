import { SkuChange } from './commands.js';
import { Reply } from './http-client.js';
import { Request } from './requests.js';

/** What a run has met: a generator that no longer reaches a refusal would let the model agree with anything. */
export class Tally {
  private readonly counts = new Map<string, number>();

  count({ operation }: Request, { status, headers, body }: Reply): void {
    const {
      code,
      status: order,
      results = [],
      merge,
      requirements = [],
      leftOut = [],
      restored = [],
      items = [],
      warnings = [],
    } = body as {
      code?: string;
      status?: unknown;
      results?: { status: string; code?: string }[];
      merge?: { replayed: boolean; items: { outcome: string }[] };
      requirements?: { code: string }[];
      leftOut?: { reason: string }[];
      restored?: { outcome: string }[];
      items?: { problems?: { code: string }[] }[];
      warnings?: { code: string }[];
    };
    this.add(`${operation.op} ${code ?? status}`);
    if (status < 300) this.add(`${operation.op} with ${Object.keys(operation).slice(1).sort().join()}`);
    if (headers['idempotent-replayed']) this.add(`replayed ${operation.op} ${status}`);
    for (const { code: why } of requirements) this.add(`preview requires ${why}`);
    for (const { reason } of leftOut) this.add(`preview leaves out ${reason}`);
    if (order === 'paid') this.add(`${operation.op} paid`);
    for (const { outcome } of restored) this.add(`cancel ${outcome}`);
    for (const { code: shown } of items.flatMap(({ problems = [] }) => problems)) this.add(`shows ${shown} of an item`);
    for (const { code: shown } of warnings) this.add(`shows ${shown}`);
    for (const result of results) this.add(`${operation.op} ${result.status} ${result.code ?? ''}`.trim());
    for (const { outcome } of merge?.items ?? []) this.add(`merge ${outcome}`);
    if (merge?.replayed) this.add('merge replayed');
  }

  /** An operator changes an item of a cart. */
  countChange(change: SkuChange): void {
    this.add(`item changes ${typeof change === 'string' ? change : Object.keys(change).sort().join()}`);
  }

  /** How often each was met. */
  get all(): Record<string, number> {
    return Object.fromEntries([...this.counts].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  private add(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }
}
