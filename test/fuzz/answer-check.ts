import { ERRORS } from '@app/common';
import { codesUnder, type DocumentedResponse, type Operation, PROBLEM } from './document.js';
import type { FuzzRequest } from './requests.js';
import type { Schemas } from './schemas.js';
import type { RawAnswer } from './sender.js';

/** What the entries of a rejected checkout say of its items; the document says it in words. */
const OF_ITEMS = ['SKU_NOT_FOUND', 'SKU_OFF_SHELF', 'QUANTITY_LIMIT', 'OUT_OF_STOCK', 'INSUFFICIENT_STOCK'];

/** What no answer may show: the inside of the service. */
const LEAKS =
  /\bat \S+ \(|\.[cm]?[jt]s:\d+|node_modules|\.lua\b|\bSELECT\b|\bINSERT\b|\bER_[A-Z_]+|ECONN|EVALSHA|WRONGTYPE|127\.0\.0\.1|localhost|[Mm]aria[Dd][Bb]|mysql:|redis:/;
/** Refusals that a repeat may overcome say when. */
const PASSING = ['CART_BUSY', 'IDEMPOTENCY_IN_PROGRESS', 'RATE_LIMITED', 'CART_UNAVAILABLE'];

interface Problem {
  status: number;
  code: string;
  errors: { code: string }[];
}

/** Holds answers against the document and the contract. */
export class AnswerCheck {
  constructor(private readonly schemas: Schemas) {}

  /** Everything that is wrong with an answer, in words. */
  faults(request: FuzzRequest, answer: RawAnswer): string[] {
    const { operation } = request;
    const documented = operation.responses[String(answer.status)];
    if (answer.status >= 500 && !(operation.id.startsWith('HealthController') && answer.status === 503)) {
      return [`a ${answer.status}`];
    }
    if (!documented) return [`status ${answer.status} is not documented`];
    return [
      ...this.bodyFaults(operation, documented, answer),
      ...this.headerFaults(operation, documented, answer),
      ...verdictFaults(request, answer),
    ];
  }

  private bodyFaults(operation: Operation, documented: DocumentedResponse, answer: RawAnswer): string[] {
    const content = Object.entries(documented.content ?? {});
    if (content.length === 0) return answer.text === '' ? [] : ['a body where none is documented'];
    const type = (answer.headers['content-type'] ?? '').split(';')[0]!.trim();
    const schema = content.find(([name]) => name === type)?.[1].schema;
    if (!schema) return [`content type ${type || 'none'} is not documented`];
    if (!type.endsWith('json')) return [];
    let body: unknown;
    try {
      body = JSON.parse(answer.text);
    } catch {
      return ['a body that is not JSON'];
    }
    const faults = this.schemas.faults(schema, body);
    if (type === PROBLEM) faults.push(...problemFaults(operation, documented, answer, body as Problem));
    return faults;
  }

  private headerFaults(operation: Operation, documented: DocumentedResponse, { headers, text }: RawAnswer): string[] {
    const faults: string[] = [];
    if (operation.path.startsWith('/v1/') && headers['cache-control'] !== 'private, no-store') {
      faults.push(`cache-control is ${headers['cache-control']}`);
    }
    const headersHere = Object.entries(documented.headers ?? {});
    for (const [name, { schema }] of headersHere) {
      const value = headers[name.toLowerCase()];
      if (value === undefined) continue;
      faults.push(...this.schemas.faults(schema, schema['type'] === 'integer' ? Number(value) : value));
    }
    for (const name of ['etag', 'retry-after', 'idempotent-replayed', 'preference-applied']) {
      const isKnown = headersHere.some(([known]) => known.toLowerCase() === name);
      if (headers[name] !== undefined && !isKnown) faults.push(`the header ${name} is not documented`);
    }
    const version =
      'ETag' in (documented.headers ?? {}) ? (JSON.parse(text) as { version?: string }).version : undefined;
    if (version !== undefined && headers['etag'] !== `"${version}"`) {
      faults.push(`etag ${headers['etag']} beside version ${version}`);
    }
    return faults;
  }
}

function problemFaults(
  { responses }: Operation,
  documented: DocumentedResponse,
  { status, headers, text }: RawAnswer,
  problem: Problem,
): string[] {
  const faults: string[] = [];
  const listed = codesUnder(documented);
  const everywhere = Object.values(responses).flatMap(codesUnder);
  const table = (ERRORS as Record<string, readonly [number, string] | undefined>)[problem.code];
  if (!listed.includes(problem.code)) faults.push(`code ${problem.code} is not documented under ${status}`);
  if (table?.[0] !== status) faults.push(`code ${problem.code} with status ${status}`);
  if (problem.status !== status) faults.push(`status ${problem.status} in the body of a ${status}`);
  for (const { code } of problem.errors ?? []) {
    const isOfItem = problem.code === 'CHECKOUT_REJECTED' && OF_ITEMS.includes(code);
    if (!everywhere.includes(code) && !isOfItem) faults.push(`errors[].code ${code} is not documented`);
  }
  if (PASSING.includes(problem.code) && !(Number(headers['retry-after']) >= 1)) faults.push('no retry-after');
  const leak = LEAKS.exec(text);
  if (leak) faults.push(`it shows "${leak[0]}"`);
  return faults;
}

/** A request without a flaw must not be refused as malformed or unauthorised, and one with a flaw must be refused. */
function verdictFaults({ flaws, isUncertain }: FuzzRequest, { status }: RawAnswer): string[] {
  if (isUncertain) return [];
  const isRefused = [400, 401, 403, 413, 415, 431].includes(status);
  if (flaws.size === 0 && isRefused) return [`${status} for a request the document allows`];
  // A key that was used for another body is noticed before the body is looked at.
  if (flaws.size > 0 && !isRefused && status !== 422)
    return [`${status} for a request with a flaw (${[...flaws].join(', ')})`];
  return [];
}
