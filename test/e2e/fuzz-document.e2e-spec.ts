import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ERRORS } from '@app/common';
import { AppProcess } from '../support/app-process.js';
import {
  codesUnder,
  type OpenApiDocument,
  type Operation,
  operationsOf,
  PROBLEM,
  type Schema,
} from '../fuzz/document.js';
import { Schemas } from '../fuzz/schemas.js';

let app: AppProcess;
let document: OpenApiDocument;
let operations: Operation[];
let schemas: Schemas;

beforeAll(async () => {
  app = await AppProcess.start({ RATE_LIMITS: 'off' });
  document = (await (await fetch(`${app.url}/docs/openapi.json`)).json()) as OpenApiDocument;
  operations = operationsOf(document);
  schemas = new Schemas(document);
});
afterAll(async () => {
  await app.stop();
});

const nameOf = ({ method, path }: Operation) => `${method} ${path}`;
/** The names of the operations that fail the test: all of them, not only the first. */
const failing = (isFine: (operation: Operation) => boolean) => operations.filter((one) => !isFine(one)).map(nameOf);
const hasHeader = ({ parameters }: Operation, name: string) =>
  parameters.some((one) => one.in === 'header' && one.name === name);

/** Every schema there is, with where it is. */
function* everySchema(): Generator<[string, Schema]> {
  for (const [name, schema] of Object.entries(document.components.schemas)) yield* within(name, schema);
  for (const operation of operations) {
    const name = nameOf(operation);
    for (const parameter of operation.parameters) yield* within(`${name} ${parameter.name}`, parameter.schema);
    if (operation.body) yield* within(`${name} body`, operation.body);
    for (const [status, { content = {} }] of Object.entries(operation.responses)) {
      for (const { schema } of Object.values(content)) if (schema) yield* within(`${name} ${status}`, schema);
    }
  }
}

function* within(at: string, schema: Schema): Generator<[string, Schema]> {
  yield [at, schema];
  if (schema['items']) yield* within(`${at}[]`, schema['items'] as Schema);
  for (const [name, child] of Object.entries((schema['properties'] ?? {}) as Record<string, Schema>)) {
    yield* within(`${at}.${name}`, child);
  }
}

describe('the OpenAPI document', () => {
  it('is valid OpenAPI 3.1', async () => {
    const copy = structuredClone(document) as unknown as Record<string, unknown>;
    expect(await new Validator().validate(copy)).toMatchObject({ valid: true });
    expect(document.openapi).toMatch(/^3\.1\./);
  });

  it('names each operation once and says what it does', () => {
    expect(new Set(operations.map(({ id }) => id)).size).toBe(operations.length);
    expect(failing(({ summary }) => Boolean(summary))).toEqual([]);
  });

  it('describes every success', () => {
    const describes = ([status, { content }]: [string, Operation['responses'][string]]) =>
      status === '204' ? !content : Object.values(content ?? {}).some(({ schema }) => schema);
    const successes = ({ responses }: Operation) => Object.entries(responses).filter(([status]) => /^2/.test(status));
    expect(failing((one) => successes(one).length > 0 && successes(one).every(describes))).toEqual([]);
  });

  it('says of every value what it is: no object of anything, no number where a whole one is meant', () => {
    const vague = [...everySchema()].filter(([, schema]) => {
      const { type, properties, additionalProperties, items } = schema as Record<string, unknown>;
      const types = [type].flat();
      const isSomething = ['$ref', 'type', 'enum', 'const', 'oneOf', 'anyOf', 'allOf'].some((word) => word in schema);
      const isBareObject = types.includes('object') && !properties && !additionalProperties;
      return !isSomething || isBareObject || types.includes('number') || (types.includes('array') && !items);
    });
    expect(vague.map(([at]) => at)).toEqual([]);
  });

  it('gives examples that fit', () => {
    const wrong = [...everySchema()].flatMap(([at, schema]) =>
      'example' in schema ? schemas.faults(schema, schema['example']).map((fault) => `${at}: ${fault}`) : [],
    );
    for (const operation of operations) {
      for (const [status, { content = {} }] of Object.entries(operation.responses)) {
        for (const { schema, examples = {} } of Object.values(content)) {
          for (const [name, { value }] of Object.entries(examples)) {
            wrong.push(
              ...schemas.faults(schema!, value).map((fault) => `${nameOf(operation)} ${status} ${name}: ${fault}`),
            );
          }
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  it('lists each code under its status, with an example of it', () => {
    const wrong = operations.flatMap((operation) =>
      Object.entries(operation.responses).flatMap(([status, response]) =>
        codesUnder(response)
          .filter((code) => {
            const example = response.content![PROBLEM]!.examples![code]!.value as { code: string; status: number };
            const expected = ERRORS[code as keyof typeof ERRORS][0];
            const isHere = status === 'default' ? expected === 500 : expected === Number(status);
            return !isHere || example.code !== code || example.status !== expected;
          })
          .map((code) => `${nameOf(operation)} ${status} ${code}`),
      ),
    );
    expect(wrong).toEqual([]);
  });

  it('names what any request can meet', () => {
    const lists = ({ responses }: Operation, ...codes: string[]) =>
      codes.every((code) => Object.values(responses).flatMap(codesUnder).includes(code));
    expect(failing((one) => lists(one, 'VALIDATION_FAILED', 'REQUEST_TIMEOUT', 'HEADERS_TOO_LARGE'))).toEqual([]);
    const writes = (one: Operation) => one.method !== 'GET';
    expect(failing((one) => !writes(one) || lists(one, 'PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'))).toEqual([]);
    expect(failing((one) => one.access === 'public' || lists(one, 'UNAUTHENTICATED'))).toEqual([]);
    expect(failing((one) => !one.path.startsWith('/v1/') || lists(one, 'RATE_LIMITED'))).toEqual([]);
  });

  it('names the headers an operation reads and writes', () => {
    // At logout the cart is written down, not changed; a checkout is answered with an order.
    const isCartWrite = ({ method, path }: Operation) =>
      method !== 'GET' && path.startsWith('/v1/cart') && !/^\/v1\/cart\/(sync|checkout)/.test(path);
    const conditional = ['If-Match', 'Prefer'];
    const sends = ({ responses }: Operation, name: string) =>
      Object.entries(responses).some(([status, { headers = {} }]) => /^2/.test(status) && name in headers);
    expect(failing((one) => !isCartWrite(one) || conditional.every((name) => hasHeader(one, name)))).toEqual([]);
    expect(failing((one) => !isCartWrite(one) || (sends(one, 'ETag') && sends(one, 'Preference-Applied')))).toEqual([]);
    // A preview changes nothing, and has nothing to repeat.
    const isRepeatable = ({ method, access, path }: Operation) =>
      ['POST', 'PATCH'].includes(method) && access !== 'public' && !path.endsWith('/preview');
    expect(failing((one) => !isRepeatable(one) || hasHeader(one, 'Idempotency-Key'))).toEqual([]);
    expect(failing((one) => !isRepeatable(one) || sends(one, 'Idempotent-Replayed'))).toEqual([]);
    const sendsRetry = ({ responses }: Operation) =>
      Object.entries(responses).every(
        ([status, { headers = {} }]) => !/^(429|503)$/.test(status) || 'Retry-After' in headers,
      );
    expect(failing((one) => one.path.startsWith('/health') || sendsRetry(one))).toEqual([]);
  });
});
