import { AnswerCheck } from './answer-check.js';
import { type OpenApiDocument, type Operation, operationsOf } from './document.js';
import { Random } from './random.js';
import { type FuzzRequest, Requests } from './requests.js';
import { Schemas } from './schemas.js';
import { curlOf, type RawAnswer, Sender } from './sender.js';
import { World } from './world.js';

export interface FuzzOptions {
  url: string;
  seed: number;
  count: number;
  parallel?: number;
}

export interface FuzzResult {
  /** Operation → status → how many. */
  coverage: Map<string, Map<string, number>>;
  /** Codes of problems → how many. */
  codes: Map<string, number>;
  failures: string[];
  replayed: number;
  world: World;
}

/** Different kinds of failures after which a run gives up. */
const MAX_FAILURES = 60;
const REPEATS = 0.5;

/** Sends requests made from the document to the service and holds each answer against the document. */
export async function fuzz({ url, seed, count, parallel = 8 }: FuzzOptions): Promise<FuzzResult> {
  const document = (await (await fetch(`${url}/docs/openapi.json`)).json()) as OpenApiDocument;
  const schemas = new Schemas(document);
  const operations = operationsOf(document);
  const world = await World.create(url);
  const run = new Run(url, seed, schemas, operations, world);
  let next = 0;
  const worker = async () => {
    while (next < count && run.result.failures.length < MAX_FAILURES) await run.one(next++);
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  run.close();
  return run.result;
}

class Run {
  readonly result: FuzzResult;
  private readonly sender: Sender;
  private readonly requests: Requests;
  private readonly check: AnswerCheck;
  private readonly kinds = new Set<string>();

  constructor(
    private readonly url: string,
    private readonly seed: number,
    schemas: Schemas,
    operations: readonly Operation[],
    private readonly world: World,
  ) {
    this.sender = new Sender(url);
    this.requests = new Requests(operations, schemas, world);
    this.check = new AnswerCheck(schemas);
    const coverage = new Map(operations.map(({ method, path }) => [`${method} ${path}`, new Map<string, number>()]));
    this.result = { coverage, codes: new Map(), failures: [], replayed: 0, world };
  }

  async one(index: number): Promise<void> {
    const random = new Random(this.seed * 1_000_003 + index);
    const request = this.requests.make(random);
    try {
      const answer = await this.sender.send(request);
      if (!answer) return this.count(request, 'closed');
      this.judge(index, request, answer, this.check.faults(request, answer));
      if (isKept(request, answer) && random.chance(REPEATS)) await this.repeat(index, request, answer);
    } catch (error) {
      this.fail(index, request, [`no answer: ${String(error)}`], undefined);
    }
  }

  close(): void {
    this.sender.close();
  }

  /** The same request with the same key: the result of the first one, and nothing happens twice. */
  private async repeat(index: number, request: FuzzRequest, first: RawAnswer): Promise<void> {
    const again = await this.sender.send(request);
    if (!again) return;
    const faults = this.check.faults(request, again);
    if (again.status !== first.status) faults.push(`a repeat is ${again.status} after ${first.status}`);
    if (again.headers['idempotent-replayed'] !== 'true') faults.push('a repeat without idempotent-replayed');
    this.result.replayed++;
    this.judge(index, request, again, faults);
  }

  private judge(index: number, request: FuzzRequest, answer: RawAnswer, faults: string[]): void {
    this.count(request, String(answer.status));
    this.learn(request, answer);
    if (faults.length > 0) this.fail(index, request, faults, answer);
  }

  private fail(index: number, request: FuzzRequest, faults: string[], answer: RawAnswer | undefined): void {
    const { method, path } = request.operation;
    // One example of each kind is enough to mend it.
    const kind = `${method} ${path}: ${faults.map((fault) => fault.replaceAll(/\d+/g, '#')).join('; ')}`;
    if (this.kinds.has(kind)) return;
    this.kinds.add(kind);
    const said = answer
      ? `${answer.status} ${JSON.stringify(answer.headers)}\n    ${answer.text.slice(0, 700)}`
      : 'nothing';
    this.result.failures.push(
      `${method} ${path}: ${faults.join('; ')}\n  request ${index} of seed ${this.seed}` +
        ` (flaws: ${[...request.flaws].join(', ') || 'none'})\n    ${curlOf(this.url, request)}\n    ${said}`,
    );
  }

  private count({ operation: { method, path } }: FuzzRequest, status: string): void {
    const statuses = this.result.coverage.get(`${method} ${path}`)!;
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }

  private learn({ operation, who }: FuzzRequest, { status, text }: RawAnswer): void {
    if (!/^[{[]/.test(text)) return;
    const body = JSON.parse(text) as Record<string, any>;
    if (status >= 400) {
      const code = String(body['code']);
      this.result.codes.set(code, (this.result.codes.get(code) ?? 0) + 1);
    } else if (operation.path === '/v1/guest-carts') this.world.remember(String(body['clientCartId']));
    else if (who && operation.path === '/v1/cart/checkout/preview') who.quote = String(body['quote']);
    else if (who && operation.access !== 'role' && body['version'] && body['badge']) {
      who.version = String(body['version']);
      if (body['items']) who.skuIds = (body['items'] as { skuId: string }[]).map(({ skuId }) => skuId);
    }
  }
}

/** Whether a repeat must be answered with the result of the first: what passes by itself is never kept. */
function isKept({ operation, headers, who }: FuzzRequest, { status, text }: RawAnswer): boolean {
  const takesKey = operation.parameters.some(({ name }) => name === 'Idempotency-Key');
  if (!takesKey || !who || headers['idempotency-key'] === undefined) return false;
  if (status < 300) return true;
  // While a merge is under way its guest is refused too, and that is not kept: the merge may be taken back.
  return [404, 409].includes(status) && !/"code":"(CART_BUSY|IDEMPOTENCY_IN_PROGRESS|GUEST_CART_MERGED)"/.test(text);
}

/** Operation × status, as a table for people. */
export function coverageTable({ coverage, codes, replayed }: FuzzResult): string {
  const statuses = [...new Set([...coverage.values()].flatMap((counts) => [...counts.keys()]))].sort();
  const width = Math.max(...[...coverage.keys()].map((name) => name.length));
  const row = (name: string, cells: string[]) =>
    `${name.padEnd(width)} ${cells.map((cell) => cell.padStart(6)).join('')}`;
  const rows = [...coverage].map(([name, counts]) =>
    row(
      name,
      statuses.map((status) => String(counts.get(status) ?? '·')),
    ),
  );
  const seen = [...codes].sort().map(([code, count]) => `${code} ${count}`);
  return [row('', statuses), ...rows, `codes: ${seen.join(', ')}`, `repeats with a key: ${replayed}`].join('\n');
}

/** Operations that were never answered with a success. */
export function neverSucceeded({ coverage }: FuzzResult): string[] {
  return [...coverage]
    .filter(([, counts]) => ![...counts.keys()].some((status) => /^2/.test(status)))
    .map(([name]) => name);
}
