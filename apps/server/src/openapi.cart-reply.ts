import type { ErrorCode } from '@app/common';
import { IDEMPOTENT_REPLAYED, type Operation, type Schemas } from './openapi.problems.js';

type Schema = Schemas[string] & { properties?: Record<string, Schema> };
type Reference = { $ref?: string };
type Response = { headers?: object; content?: Record<string, { schema: Reference & { oneOf?: Reference[] } }> };
type Parameter = NonNullable<Operation['parameters']>[number];

const GROUP: Parameter = {
  name: 'group',
  in: 'query',
  description: 'How `groups` are made.',
  schema: { type: 'string', enum: ['shop', 'promotion', 'none'], default: 'shop' },
};
const IF_MATCH = header('If-Match', 'The version the change is meant for, from `ETag`; another one is 412.', {
  type: 'string',
  example: '"1763790000000001"',
});
const PREFER = header('Prefer', '`return=minimal` answers version and badge only.', {
  type: 'string',
  example: 'return=minimal',
});
const IDEMPOTENCY_KEY = header('Idempotency-Key', 'A repeat with the same key and body gets the first result; 24 h.', {
  type: 'string',
  pattern: '^[\\x21-\\x7e]{1,255}$',
});

const ETAG = {
  description: 'The version of the cart, for `If-Match`. Absent from a stale cart.',
  schema: { type: 'string', pattern: '^"\\d{1,19}"$' },
};
const PREFERENCE_APPLIED = {
  description: 'The answer is the minimal one.',
  schema: { type: 'string', enum: ['return=minimal'] },
};
/**
 * What all answers with a cart have in common: the headers a request may carry and an answer has. Which of them apply
 * follows from the schemas and codes that a route names, so that no route repeats any of it.
 */
export function describeCartReply(operation: Operation, codes: readonly ErrorCode[], schemas: Schemas): void {
  const isIdempotent = codes.includes('IDEMPOTENCY_KEY_REUSED');
  if (isIdempotent) addParameters(operation, IDEMPOTENCY_KEY);
  if (codes.includes('VERSION_MISMATCH')) addParameters(operation, IF_MATCH);
  for (const [status, response] of Object.entries(operation.responses) as [string, Response][]) {
    if (!status.startsWith('2')) continue;
    const kinds = namesIn(response).map((name) => kindOf(schemas[name]));
    if (kinds.includes('cart')) addParameters(operation, GROUP);
    if (kinds.includes('cart') && kinds.includes('minimal')) addParameters(operation, PREFER);
    const headers = {
      ...(kinds.some(Boolean) ? { ETag: ETAG } : {}),
      ...(kinds.includes('cart') && kinds.includes('minimal') ? { 'Preference-Applied': PREFERENCE_APPLIED } : {}),
      ...(isIdempotent ? { 'Idempotent-Replayed': IDEMPOTENT_REPLAYED } : {}),
    };
    if (Object.keys(headers).length > 0) response.headers = { ...headers, ...response.headers };
  }
}

/** The schemas an answer may have. */
function namesIn({ content }: Response): string[] {
  const { $ref, oneOf = [] } = content?.['application/json']?.schema ?? {};
  return [$ref, ...oneOf.map((one) => one.$ref)].flatMap((reference) => reference?.split('/').pop() ?? []);
}

/** A whole cart, its version and counters, or the counters alone; each may have more beside it, as a batch its results. */
function kindOf(schema: Schema | undefined): 'cart' | 'minimal' | 'badge' | undefined {
  const has = (...fields: string[]) => fields.every((field) => field in (schema?.properties ?? {}));
  if (has('version', 'badge')) return has('items', 'groups') ? 'cart' : 'minimal';
  return has('selectedSkus', 'selectedQuantity') ? 'badge' : undefined;
}

function header(name: string, description: string, schema: Schema): Parameter {
  return { name, in: 'header', required: false, description, schema };
}

/** A parameter that the route itself describes stays as it is. */
function addParameters(operation: Operation, ...more: Parameter[]): void {
  const there = (operation.parameters ?? []) as { name?: string; in?: string }[];
  const added = (more as { name?: string; in?: string }[]).filter(
    (one) => !there.some((other) => other.name === one.name && other.in === one.in),
  );
  operation.parameters = [...there, ...added] as Parameter[];
}
