import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { STATUS_CODES } from 'node:http';
import { type ErrorCode, ID_SCHEMA, problemCodesOf, TOKEN_SCHEMA } from '@app/common';
import { BEARER, CLIENT_CART_ID } from '@app/identity';
import { describeCartReply } from './openapi.cart-reply.js';
import { codesOf, type Operation, problemResponses, problemSchema, sharedResponses } from './openapi.problems.js';

const METHODS = ['get', 'put', 'post', 'patch', 'delete'] as const;

/** The OpenAPI 3.1 document at `/docs/openapi.json`, the page for people at `/docs`. */
export function setupOpenApi(app: NestFastifyApplication): void {
  let document: OpenAPIObject | undefined;
  let text = '';
  const server = app.getHttpAdapter().getInstance();
  // Once, before the first request: to build it for each reader would cost a hundred times what a cart does.
  server.addHook('onReady', (done: (error?: Error) => void) => {
    document = openApiDocument(app);
    text = JSON.stringify(document);
    done();
  });
  server.get('/docs/openapi.json', (_request: FastifyRequest, reply: FastifyReply) =>
    reply.type('application/json; charset=utf-8').send(text),
  );
  SwaggerModule.setup('docs', app, () => document ?? openApiDocument(app), {
    raw: false,
    customSiteTitle: 'Shopping cart API',
  });
}

/** Builds the document. */
export function openApiDocument(app: NestFastifyApplication): OpenAPIObject {
  const document = SwaggerModule.createDocument(app, config(), { operationIdFactory: operationId });
  const schemas = { ...document.components?.schemas };
  schemas['Problem'] = problemSchema('CartDto' in schemas);
  document.components = { ...document.components, schemas, responses: sharedResponses() };
  const named = codesByOperation(app);
  for (const path of Object.values(document.paths)) {
    for (const method of METHODS) {
      const operation = path[method];
      if (operation === undefined) continue;
      const codes = codesOf(method, named.get(operation.operationId ?? '') ?? []);
      describeCartReply(operation, codes, schemas);
      describeIds(operation);
      describeStatuses(operation);
      operation.responses = { ...problemResponses(codes), ...operation.responses };
    }
  }
  return document;
}

function config() {
  return new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Shopping cart')
    .setDescription(
      'The live cart of a shop. Ids and versions are decimal strings, money has two places, times are UTC.',
    )
    .setVersion('1')
    .setLicense('MIT', 'https://spdx.org/licenses/MIT')
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

/** The ids in a path, which `ParseIdPipe` checks; those of promotions and coupons are names. */
function describeIds({ parameters = [] }: Operation): void {
  for (const parameter of parameters as { in?: string; name?: string; schema?: object }[]) {
    if (parameter.in !== 'path') continue;
    if (/^(?:id|(?:sku|user|order)Id)$/.test(parameter.name ?? '')) parameter.schema = ID_SCHEMA;
    if (/^(?:promotion|coupon)Id$/.test(parameter.name ?? '')) parameter.schema = TOKEN_SCHEMA;
  }
}

/** A response that nobody described says at least what its number means. */
function describeStatuses({ responses }: Operation): void {
  for (const [status, response] of Object.entries(responses)) {
    if (response && 'description' in response) response.description ||= STATUS_CODES[status] ?? status;
  }
}
