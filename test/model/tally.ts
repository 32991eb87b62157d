import { Reply } from './http-client.js';
import { Request } from './requests.js';

/** What a run has met: a generator that no longer reaches a refusal would let the model agree with anything. */
export class Tally {
  private readonly counts = new Map<string, number>();

  count({ operation }: Request, { status, headers, body }: Reply): void {
    const {
      code,
      results = [],
      merge,
    } = body as {
      code?: string;
      results?: { status: string; code?: string }[];
      merge?: { replayed: boolean; items: { outcome: string }[] };
    };
    this.add(`${operation.op} ${code ?? status}`);
    if (status < 300) this.add(`${operation.op} with ${Object.keys(operation).slice(1).sort().join()}`);
    if (headers['idempotent-replayed']) this.add(`replayed ${operation.op} ${status}`);
    for (const result of results) this.add(`${operation.op} ${result.status} ${result.code ?? ''}`.trim());
    for (const { outcome } of merge?.items ?? []) this.add(`merge ${outcome}`);
    if (merge?.replayed) this.add('merge replayed');
  }

  /** How often each was met. */
  get all(): Record<string, number> {
    return Object.fromEntries([...this.counts].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  private add(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }
}
