import type { ErrorCode } from '@app/common';
import { IDEMPOTENT_REPLAYED, type Operation, type Schemas } from './openapi.problems.js';

type Schema = Schemas[string] & { properties?: Record<string, Schema>; required?: string[] };
type Response = { headers?: object; content?: Record<string, { schema: { $ref?: string } }> };
type Parameter = NonNullable<Operation['parameters']>[number];

const GROUP: Parameter = {
  name: 'group',
  in: 'query',
  description: 'How `groups` are made.',
  schema: { type: 'string', enum: ['shop', 'promotion', 'none'], default: 'shop' },
};
const COUPONS: Parameter = {
  name: 'coupons',
  in: 'query',
  description:
    'Coupons that are put into `totals`: `none`, `best`, or couponIds with commas between. `totals.coupons` names those ' +
    'that are in, `warnings` why another one brings nothing now. A read refuses one that is not the shopper’s, and two ' +
    'of one shop; the answer to a change leaves them out.',
  schema: { type: 'string', pattern: '^[A-Za-z0-9_-]{1,64}(?:,[A-Za-z0-9_-]{1,64}){0,19}$', default: 'none' },
};
const IF_MATCH = header('If-Match', 'The version the change is meant for, from `ETag`; another one is 412.', {
  type: 'string',
  example: '"1763790000000001"',
});
const PREFER = header('Prefer', '`return=minimal` answers version and badge only.', {
  type: 'string',
  example: 'return=minimal',
});
const DEVICE = header('X-Device', 'What the client calls its device, for the change log; anything else is ignored.', {
  type: 'string',
  pattern: '^[\\x21-\\x7e]{1,64}$',
  example: 'ios-17',
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
 * What all answers with a cart have in common: the headers a request may carry and an answer has, and the minimal answer
 * to a write. Which of them apply follows from the schema and the codes that a route names, so that no route repeats
 * any of it.
 */
export function describeCartReply(operation: Operation, codes: readonly ErrorCode[], schemas: Schemas): void {
  const isIdempotent = codes.includes('IDEMPOTENCY_KEY_REUSED');
  if (isIdempotent) addParameters(operation, IDEMPOTENCY_KEY);
  if (codes.includes('VERSION_MISMATCH')) addParameters(operation, IF_MATCH);
  for (const [status, response] of Object.entries(operation.responses) as [string, Response][]) {
    if (!status.startsWith('2')) continue;
    const headers: Record<string, object> = isIdempotent ? { 'Idempotent-Replayed': IDEMPOTENT_REPLAYED } : {};
    const media = response.content?.['application/json'];
    const name = media?.schema.$ref?.split('/').pop() ?? '';
    const kind = kindOf(schemas[name]);
    if (kind) headers['ETag'] = ETAG;
    if (kind === 'cart') addParameters(operation, GROUP, COUPONS);
    if (kind === 'cart' && codes.includes('VERSION_MISMATCH')) addParameters(operation, DEVICE);
    if (kind === 'cart' && media && codes.includes('VERSION_MISMATCH')) {
      addParameters(operation, PREFER);
      headers['Preference-Applied'] = PREFERENCE_APPLIED;
      schemas[`Minimal${name}`] ??= minimal(schemas, name);
      media.schema = { oneOf: [media.schema, { $ref: `#/components/schemas/Minimal${name}` }] } as object;
    }
    if (Object.keys(headers).length > 0) response.headers = { ...headers, ...response.headers };
  }
}

/** Version and counters, and what `name` has beside the cart, such as the results of a batch. */
function minimal(schemas: Schemas, name: string): Schema {
  const { properties = {}, required = [] }: Schema = schemas[name] ?? {};
  const whole: Schema = schemas['CartDto'] ?? {};
  const stays = (field: string) => ['version', 'badge'].includes(field) || !(field in (whole.properties ?? {}));
  return {
    type: 'object',
    description: 'The answer to `Prefer: return=minimal`, or when the catalogue is away after the change was made.',
    required: required.filter(stays),
    properties: Object.fromEntries(Object.entries(properties).filter(([field]) => stays(field))),
  };
}

/** A whole cart, maybe with more beside it, or the counters alone. */
function kindOf(schema: Schema | undefined): 'cart' | 'badge' | undefined {
  const has = (...fields: string[]) => fields.every((field) => field in (schema?.properties ?? {}));
  if (has('version', 'badge', 'items', 'groups')) return 'cart';
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
