import type { ErrorCode } from '@app/common';
import type { Operation, Schemas } from './openapi.problems.js';

type Schema = Schemas[string] & { properties?: Record<string, Schema>; required?: string[] };
type Response = { headers?: object; content?: Record<string, { schema: { $ref?: string } }> };
type Parameter = NonNullable<Operation['parameters']>[number];

const CART = 'CartDto';
/** What `Prefer: return=minimal` leaves of a cart. */
const MINIMAL = ['version', 'badge'];

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
const IDEMPOTENT_REPLAYED = {
  description: 'The result is the one of an earlier request with this key.',
  schema: { type: 'string', enum: ['true'] },
};

/**
 * What all answers with a cart have in common: the headers a request may carry and an answer has, and the minimal answer
 * of a write. Which of them apply follows from the codes a route names, so that no route repeats any of it.
 */
export function describeCartReply(operation: Operation, codes: readonly ErrorCode[], schemas: Schemas): void {
  const isIdempotent = codes.includes('IDEMPOTENCY_KEY_REUSED');
  const replayed = isIdempotent ? { 'Idempotent-Replayed': IDEMPOTENT_REPLAYED } : {};
  if (isIdempotent) addParameters(operation, IDEMPOTENCY_KEY);
  for (const response of successes(operation)) {
    const media = response.content?.['application/json'];
    const name = media?.schema.$ref?.split('/').pop();
    if (!media || !name || !isCart(schemas[name])) {
      if (isIdempotent) response.headers = { ...response.headers, ...replayed };
      continue;
    }
    addParameters(operation, GROUP);
    response.headers = { ...response.headers, ETag: ETAG, ...replayed };
    if (!codes.includes('VERSION_MISMATCH')) continue;
    addParameters(operation, IF_MATCH, PREFER);
    response.headers = { ...response.headers, 'Preference-Applied': PREFERENCE_APPLIED };
    schemas[minimalName(name)] ??= minimal(schemas, name);
    media.schema = { oneOf: [media.schema, { $ref: `#/components/schemas/${minimalName(name)}` }] } as object;
  }
}

function successes({ responses }: Operation): Response[] {
  return Object.entries(responses).flatMap(([status, response]) => (/^2/.test(status) ? [response as Response] : []));
}

/** A cart, or a cart with more beside it: the results of a batch, of a merge. */
function isCart(schema: Schema | undefined): boolean {
  const fields = Object.keys(schema?.properties ?? {});
  return ['owner', 'items', 'groups', ...MINIMAL].every((field) => fields.includes(field));
}

function minimalName(name: string): string {
  return `Minimal${name}`;
}

/** Version and badge, and what `name` has beside the cart. */
function minimal(schemas: Schemas, name: string): Schema {
  const { properties = {}, required = [] }: Schema = schemas[name] ?? {};
  const whole: Schema = schemas[CART] ?? {};
  const cart = Object.keys(whole.properties ?? {});
  const stays = (field: string) => MINIMAL.includes(field) || !cart.includes(field);
  return {
    type: 'object',
    description: 'The answer to `Prefer: return=minimal`.',
    required: required.filter(stays),
    properties: Object.fromEntries(Object.entries(properties).filter(([field]) => stays(field))),
  };
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
