import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Logger } from '@nestjs/common';
import type { Env } from '@app/common';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** The addresses of pages: all of them are one document, whose script shows what belongs there. */
const PAGES = ['/', '/admin', '/admin/'];

/**
 * Scripts and styles from our own files and nothing inline, requests to ourselves alone, nobody's frame. The one policy
 * for trusted types is that of the framework: a text can become markup nowhere else.
 */
const DOCUMENT_HEADERS = {
  'cache-control': 'no-cache',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
    "require-trusted-types-for 'script'; trusted-types vue",
  'cross-origin-opener-policy': 'same-origin',
} as const;

/** What the pages are told of the deployment. */
type Facts = Pick<Env, 'CURRENCY' | 'DEV_LOGIN'>;

/**
 * Serves the built pages of apps/storefront out of `folder`. They are no part of the API: other addresses are answered as
 * before, and the document at /docs does not list them.
 */
export async function setupStorefront(
  app: NestFastifyApplication,
  folder: string,
  { CURRENCY, DEV_LOGIN }: Facts,
): Promise<void> {
  if (!existsSync(join(folder, 'index.html'))) {
    new Logger('Storefront').warn('the pages are not built (npm run build): / and /admin answer 404');
    return;
  }
  const document = readFileSync(join(folder, 'index.html'));
  const server: FastifyInstance = app.getHttpAdapter().getInstance();
  // The name of a file holds a digest of its content. One route per file: what is no file is an unknown address.
  await server.register(fastifyStatic, {
    root: join(folder, 'assets'),
    prefix: '/assets/',
    wildcard: false,
    decorateReply: false,
    maxAge: '365d',
    immutable: true,
  });
  for (const page of PAGES) {
    server.get(page, (_request: FastifyRequest, reply: FastifyReply) =>
      reply.headers(DOCUMENT_HEADERS).type('text/html; charset=utf-8').send(document),
    );
  }
  server.get('/storefront.json', (_request: FastifyRequest, reply: FastifyReply) =>
    reply.header('cache-control', 'no-cache').send({ currency: CURRENCY, devLogin: DEV_LOGIN }),
  );
}
