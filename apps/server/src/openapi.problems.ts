import type { OpenAPIObject } from '@nestjs/swagger';
import { AppError, type ErrorCode, ERRORS, exampleProblem, PROBLEM_TYPE, problemHeaders } from '@app/common';

export type Schemas = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>;
export type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;
type Responses = Operation['responses'];
type Header = { description: string; schema: Schemas[string] };

/** What Node's parser or the clock may answer before there is a route; the same everywhere, so it is written once. */
const BEFORE_ROUTING = ['REQUEST_TIMEOUT', 'HEADERS_TOO_LARGE'] as const satisfies ErrorCode[];
/** A body is read, and may be refused, on every method that can have one. */
const BODY = ['PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'] as const satisfies ErrorCode[];

/** The header of an answer that was given before, a success or a refusal. */
export const IDEMPOTENT_REPLAYED: Header = {
  description: 'The result is the one of an earlier request with this key.',
  schema: { type: 'string', enum: ['true'] },
};
/** The statuses of refusals that are kept for repeats. */
const KEPT = ['404', '409'];

const HEADERS: Record<string, Header> = {
  'retry-after': { description: 'Seconds to wait before the next try.', schema: { type: 'integer', minimum: 1 } },
  'www-authenticate': { description: 'How to say who is asking.', schema: { type: 'string', example: 'Bearer' } },
};

/** Every code an operation can answer with: those it names and those that any request can meet. */
export function codesOf(method: string, own: readonly ErrorCode[]): ErrorCode[] {
  return [...new Set<ErrorCode>(['VALIDATION_FAILED', ...(method === 'get' ? [] : BODY), ...own])];
}

/** One response per status, with an example for each code; `default` is the bug nobody foresaw. */
export function problemResponses(codes: readonly ErrorCode[]): Responses {
  const statuses = [...new Set(codes.map(statusOf))];
  const replayed: Record<string, Header> = codes.includes('IDEMPOTENCY_KEY_REUSED')
    ? { 'Idempotent-Replayed': IDEMPOTENT_REPLAYED }
    : {};
  return {
    ...Object.fromEntries(BEFORE_ROUTING.map((code) => [statusOf(code), { $ref: `#/components/responses/${code}` }])),
    ...Object.fromEntries(
      statuses.map((status) => [
        status,
        problemResponse(
          codes.filter((code) => statusOf(code) === status),
          KEPT.includes(status) ? replayed : {},
        ),
      ]),
    ),
    default: { $ref: '#/components/responses/INTERNAL_ERROR' },
  };
}

/** The responses that operations share by reference. */
export function sharedResponses() {
  const codes: ErrorCode[] = [...BEFORE_ROUTING, 'INTERNAL_ERROR'];
  return Object.fromEntries(codes.map((code) => [code, problemResponse([code])]));
}

function problemResponse(codes: readonly ErrorCode[], more: Record<string, Header> = {}) {
  const examples = Object.fromEntries(codes.map((code) => [code, { value: exampleProblem(code) }]));
  const headers = Object.assign({}, ...codes.map(headersOf), more) as Record<string, Header>;
  const schema = {
    allOf: [{ $ref: '#/components/schemas/Problem' }],
    properties: { code: { type: 'string', enum: [...codes] } },
  };
  return {
    description: codes.map((code) => `\`${code}\``).join(', '),
    ...(Object.keys(headers).length > 0 ? { headers } : {}),
    content: { [PROBLEM_TYPE]: { schema, examples } },
  };
}

/** Those of a code beside its content type, as {@link problemHeaders} sends them. */
function headersOf(code: ErrorCode): Record<string, Header> {
  const sent = Object.keys(problemHeaders(new AppError(code)));
  const known = Object.entries(HEADERS).filter(([name]) => sent.includes(name));
  return Object.fromEntries(known.map(([name, header]) => [properCase(name), header]));
}

function properCase(header: string): string {
  return header === 'www-authenticate' ? 'WWW-Authenticate' : header.replaceAll(/\b[a-z]/g, (c) => c.toUpperCase());
}

function statusOf(code: ErrorCode): string {
  return String(ERRORS[code][0]);
}

/** RFC 9457 with our code and our numbers. `hasCarts`: some problems carry the current cart. */
export function problemSchema(hasCarts: boolean): Schemas[string] {
  const text = { type: 'string' };
  const count = { type: 'integer', minimum: 0 };
  return {
    type: 'object',
    description: 'RFC 9457. `code` is stable; limits and amounts are fields of `errors`, not only words.',
    required: ['type', 'title', 'status', 'code', 'detail', 'errors'],
    properties: {
      type: { type: 'string', format: 'uri' },
      title: text,
      status: { type: 'integer', minimum: 400, maximum: 599 },
      code: { type: 'string', enum: Object.keys(ERRORS) },
      detail: text,
      errors: {
        type: 'array',
        items: {
          type: 'object',
          required: ['code'],
          properties: {
            code: { type: 'string', enum: Object.keys(ERRORS) },
            skuId: { ...text, description: 'The SKU that is refused.' },
            skuCode: { ...text, description: 'The code that another SKU has.' },
            version: { ...text, description: 'The version there is now.' },
            field: {
              ...text,
              description: 'A path in the request, such as `items[0].skuId`; empty for the whole body.',
            },
            message: { ...text, description: 'For people.' },
            available: { ...count, description: 'Units in stock.' },
            maximum: { ...count, description: 'The limit that is exceeded.' },
            requested: { ...count, description: 'What would have been in the cart.' },
            limit: { ...count, description: 'Requests that a window allows.' },
            windowSeconds: { ...count, description: 'Length of the window.' },
            expectedPayable: { ...text, description: 'What the shopper has agreed to pay.' },
            payable: { ...text, description: 'What it costs now.' },
            couponId: { ...text, description: 'The coupon that cannot be used.' },
            reason: { ...text, description: 'Why the coupon cannot be used.' },
            gap: { ...text, description: 'What is missing to the threshold of the coupon.' },
            status: { ...text, description: 'Of an undo: what came of the item.' },
            quantity: { ...count, description: 'Of an undo: what came back.' },
          },
        },
      },
      ...(hasCarts
        ? { cart: { $ref: '#/components/schemas/CartDto' }, preview: { $ref: '#/components/schemas/PreviewedDto' } }
        : {}),
    },
  };
}
