import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { type ErrorCode, ERRORS, exampleProblem, PROBLEM_TYPE, problemCodesOf } from '@app/common';
import { BEARER, CLIENT_CART_ID } from '@app/identity';

const SCHEMA = { $ref: '#/components/schemas/Problem' };
const METHODS = ['get', 'put', 'post', 'patch', 'delete'] as const;

/** The OpenAPI 3.1 document at `/docs/openapi.json`, the page for people at `/docs`. */
export function setupOpenApi(app: NestFastifyApplication): void {
  SwaggerModule.setup('docs', app, () => openApiDocument(app), {
    jsonDocumentUrl: 'docs/openapi.json',
    raw: ['json'],
    customSiteTitle: 'Shopping cart API',
  });
}

/** Builds the document; called at the first request for it, not at start. */
export function openApiDocument(app: NestFastifyApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Shopping cart')
    .setDescription(
      'The live cart of a shop. Ids and versions are decimal strings, money has two places, times are UTC.',
    )
    .setVersion('1')
    .addBearerAuth({ type: 'http', description: 'The JWT of a user; `sub` is the user id.' }, BEARER)
    .addApiKey(
      {
        type: 'apiKey',
        in: 'header',
        name: 'X-Client-Cart-Id',
        description: 'A guest: the id `POST /v1/guest-carts` issued.',
      },
      CLIENT_CART_ID,
    )
    .build();
  const document = SwaggerModule.createDocument(app, config, { operationIdFactory: operationId });
  document.components = {
    ...document.components,
    schemas: { ...document.components?.schemas, Problem: problemSchema() },
  };
  const codes = codesByOperation(app);
  for (const path of Object.values(document.paths)) {
    for (const operation of METHODS.flatMap((method) => path[method] ?? [])) {
      const own = codes.get(operation.operationId ?? '') ?? [];
      const body: ErrorCode[] = operation.requestBody
        ? ['VALIDATION_FAILED', 'PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE']
        : [];
      operation.responses = { ...operation.responses, ...problemResponses([...new Set([...body, ...own])]) };
    }
  }
  return document;
}

function operationId(controller: string, method: string): string {
  return `${controller}_${method}`;
}

function codesByOperation(app: NestFastifyApplication): Map<string, ErrorCode[]> {
  const scanner = new MetadataScanner();
  const codes = new Map<string, ErrorCode[]>();
  for (const { metatype } of app.get(DiscoveryService, { strict: false }).getControllers()) {
    if (typeof metatype !== 'function') continue;
    const prototype = metatype.prototype as Record<string, object>;
    for (const method of scanner.getAllMethodNames(prototype)) {
      codes.set(operationId(metatype.name, method), problemCodesOf(metatype, prototype[method] as object));
    }
  }
  return codes;
}

/** One response per status, with an example for each code; `default` is the bug nobody foresaw. */
function problemResponses(codes: readonly ErrorCode[]): Record<string, ReturnType<typeof problemResponse>> {
  const statuses = [...new Set(codes.map((code) => ERRORS[code][0]))];
  const responses = statuses.map((status) => [
    String(status),
    problemResponse(codes.filter((code) => ERRORS[code][0] === status)),
  ]);
  return { ...Object.fromEntries(responses), default: problemResponse(['INTERNAL_ERROR']) } as Record<
    string,
    ReturnType<typeof problemResponse>
  >;
}

function problemResponse(codes: readonly ErrorCode[]) {
  const examples = Object.fromEntries(codes.map((code) => [code, { value: exampleProblem(code) }]));
  return {
    description: codes.map((code) => `\`${code}\``).join(', '),
    content: { [PROBLEM_TYPE]: { schema: SCHEMA, examples } },
  };
}

function problemSchema() {
  const text = { type: 'string' };
  const code = { type: 'string', enum: Object.keys(ERRORS) };
  return {
    type: 'object',
    description: 'RFC 9457. `code` is stable; limits and amounts are fields of `errors`, not only words.',
    required: ['type', 'title', 'status', 'code', 'detail', 'errors'],
    properties: {
      type: { type: 'string', format: 'uri' },
      title: text,
      status: { type: 'integer' },
      code,
      detail: text,
      errors: {
        type: 'array',
        items: {
          type: 'object',
          required: ['code'],
          properties: { code, skuId: text, field: text },
          additionalProperties: true,
        },
      },
    },
    additionalProperties: true,
  };
}
