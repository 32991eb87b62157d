import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, type JWK, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Api } from '../support/api.js';
import { AppProcess } from '../support/app-process.js';
import { eventually } from '../support/eventually.js';
import { freshUserId } from '../support/services.js';

const pairs = [1, 2].map(() => generateKeyPairSync('rsa', { modulusLength: 2048 }));
const [first, second] = pairs as [(typeof pairs)[number], (typeof pairs)[number]];
let issuer: Server;
let published: JWK[];
let app: AppProcess;
let api: Api;

beforeAll(async () => {
  published = [{ ...(await exportJWK(first.publicKey)), kid: 'first', use: 'sig' }];
  issuer = createServer((_request, response) => response.end(JSON.stringify({ keys: published }))).listen(
    0,
    '127.0.0.1',
  );
  await once(issuer, 'listening');
  const url = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}/keys`;
  app = await AppProcess.start({ JWT_SECRET: '', JWT_JWKS_URL: url, DEV_LOGIN: '', TRANSPORT: 'in-process' });
  api = new Api(app.url);
});
afterAll(async () => {
  await app.stop();
  issuer.close();
});

function token(kid: string, key: KeyObject): Promise<string> {
  return new SignJWT({ roles: [] })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid })
    .setSubject(freshUserId())
    .setIssuer('shopping-cart')
    .setAudience('shopping-cart')
    .setExpirationTime('5m')
    .sign(key);
}

const cartWith = (jwt: string) => api.call('GET', '/v1/cart', { headers: { authorization: `Bearer ${jwt}` } });

describe('S5: a service whose tokens others sign', () => {
  it("takes the issuer's tokens and nobody else's, and signs none itself", async () => {
    const good = await token('first', first.privateKey);
    expect(await cartWith(good)).toMatchObject({ status: 200, body: { owner: { kind: 'user' } } });
    expect((await cartWith(await token('first', second.privateKey))).status).toBe(401);
    expect((await cartWith(await token('second', second.privateKey))).status).toBe(401);
    const header = Buffer.from('{"alg":"HS256","typ":"JWT","kid":"first"}').toString('base64url');
    const claims = good.split('.')[1];
    const pem = first.publicKey.export({ type: 'spki', format: 'pem' });
    const mac = createHmac('sha256', pem).update(`${header}.${claims}`).digest('base64url');
    expect((await cartWith(`${header}.${claims}.${mac}`)).status).toBe(401);
    expect((await api.call('POST', '/v1/dev/login', { body: { userId: '1' } })).status).toBe(404);
  });

  it('cannot check a new key while the issuer is away: 503, to be sent again; known keys go on counting', async () => {
    const seen = await token('first', first.privateKey);
    await cartWith(seen);
    issuer.close();
    issuer.closeAllConnections();
    // The set was read less than a cool-down ago at first: until then an unknown key is taken for a forgery.
    const fresh = await token('second', second.privateKey);
    const refused = await eventually(
      async () => {
        const answer = await cartWith(fresh);
        expect(answer).toMatchObject({ status: 503, body: { code: 'CART_UNAVAILABLE' } });
        return answer;
      },
      { timeoutMs: 30_000, intervalMs: 500 },
    );
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await cartWith(seen)).status).toBe(200);
    expect((await cartWith(await token('first', first.privateKey))).status).toBe(200);
  });
});
