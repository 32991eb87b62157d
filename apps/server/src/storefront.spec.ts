import 'reflect-metadata';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { IdentityModule } from '@app/identity';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp } from './app.setup.js';
import { setupStorefront } from './storefront.js';

const env = {
  LOG_LEVEL: 'silent',
  JWT_SECRET: 'unit-test-secret-of-32-bytes-or-more',
  JWT_ISSUER: 'shop',
  JWT_AUDIENCE: 'cart',
  GUEST_KEYS: ['new:unit-test-guest-key-of-32-bytes-or-more'],
  DEV_LOGIN: false,
  RATE_LIMITS: 'off' as const,
};

@Module({ imports: [IdentityModule.forRoot(env)] })
class ProbeModule {}

let folder: string;
let app: NestFastifyApplication;
let base: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'storefront-'));
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), '<!doctype html><title>pages</title>');
  writeFileSync(join(folder, 'assets/index-abc.js'), 'export {};');
  app = await createApp(ProbeModule, env);
  await setupStorefront(app, folder, { CURRENCY: 'EUR', DEV_LOGIN: true });
  await app.listen(0, '127.0.0.1');
  base = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
});
afterAll(async () => {
  await app.close();
  rmSync(folder, { recursive: true });
});

describe(setupStorefront.name, () => {
  it.each(['/', '/admin', '/admin/', '/admin?x=1'])('answers %s with the document', async (path) => {
    const answer = await fetch(base + path);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(await answer.text()).toContain('<title>pages</title>');
    expect(answer.headers.get('cache-control')).toBe('no-cache');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('S20 lets the document run its own files alone, in nobody’s frame', async () => {
    const policy = (await fetch(`${base}/admin`)).headers.get('content-security-policy')!;
    const directives = new Map(policy.split('; ').map((one) => [one.split(' ')[0], one.split(' ').slice(1).join(' ')]));
    expect(directives.get('default-src')).toBe("'none'");
    expect(directives.get('script-src')).toBe("'self'");
    expect(directives.get('style-src')).toBe("'self'");
    expect(directives.get('frame-ancestors')).toBe("'none'");
    expect(policy).not.toMatch(/unsafe/);
  });

  it('lets caches keep what is named by its content', async () => {
    const answer = await fetch(`${base}/assets/index-abc.js`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toContain('javascript');
    expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('tells the pages what they must know of the deployment', async () => {
    expect(await (await fetch(`${base}/storefront.json`)).json()).toEqual({ currency: 'EUR', devLogin: true });
  });

  it.each(['/assets/', '/assets/none.js', '/assets/..%2findex.html', '/assets/%2e%2e/index.html', '/index.html', '/x'])(
    'knows no address %s',
    async (path) => {
      const answer = await fetch(base + path);
      expect([answer.status, answer.headers.get('content-type')]).toEqual([404, 'application/problem+json']);
    },
  );

  it('answers another method with 405, and is not in the document of the API', async () => {
    const answer = await fetch(`${base}/admin`, { method: 'POST' });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    const { paths } = (await (await fetch(`${base}/docs/openapi.json`)).json()) as { paths: object };
    expect(Object.keys(paths)).toEqual(['/v1/guest-carts']);
  });

  it('starts without pages, which then are unknown', async () => {
    const bare = await createApp(ProbeModule, env);
    await setupStorefront(bare, join(folder, 'none'), { CURRENCY: 'EUR', DEV_LOGIN: false });
    await bare.init();
    const answer = await bare.getHttpAdapter().getInstance().inject({ url: '/admin' });
    expect(answer.statusCode).toBe(404);
    await bare.close();
  });
});
