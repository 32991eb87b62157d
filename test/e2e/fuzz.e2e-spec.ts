import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Api } from '../support/api.js';
import { eventually } from '../support/eventually.js';
import type { OpenApiDocument } from '../fuzz/document.js';
import { coverageTable, fuzz, neverSucceeded } from '../fuzz/fuzzer.js';
import { PrivateApp } from '../fuzz/private-app.js';
import { Random } from '../fuzz/random.js';
import { answerTo, bytesLikeARequest } from '../fuzz/raw-bytes.js';

/** `FUZZ_REQUESTS=50000 FUZZ_SEED=7`: more than in CI, or a run again. */
const COUNT = Number(process.env['FUZZ_REQUESTS'] ?? 5000);
const SEED = Number(process.env['FUZZ_SEED'] ?? randomInt(1, 2 ** 31));

let service: PrivateApp;
beforeAll(async () => {
  service = await PrivateApp.start();
  await service.leaveDeadLetters();
});
afterAll(async () => {
  expect(await service.stop()).toBe(0);
});

describe('requests made from the OpenAPI document', () => {
  it(
    `are answered as it says (${COUNT} of seed ${SEED})`,
    async () => {
      const result = await fuzz({ url: service.url, seed: SEED, count: COUNT });
      console.log(coverageTable(result));
      expect(result.failures.join('\n\n')).toBe('');
      expect(service.app.log).not.toContain('failed unexpectedly');
      expect((await fetch(`${service.url}/health/live`)).status).toBe(200);
      // An order needs the right amount, and is closed once, by its owner: luck. The specs of checkout do it for sure.
      const isByLuck = (operation: string) =>
        /\/v1\/((admin\/)?orders\/|cart\/checkout$|coupons\/.*claim$)/.test(operation);
      // A short run does not get to all of them.
      const missed = COUNT < 5000 ? [] : neverSucceeded(result);
      expect(missed.filter((operation) => !isByLuck(operation))).toEqual([]);

      // Whatever was sent, the copy in MySQL follows and no event was unusable.
      const admin = await new Api(service.url).admin();
      for (const { id } of result.world.users) {
        await eventually(async () => {
          const { body } = await admin.get(`/v1/admin/carts/${id}/diff`);
          expect(body).toMatchObject({ inSync: true });
        });
      }
      expect(service.app.log).not.toContain('dead letter');
    },
    // On a machine that does nothing else it takes 4 ms a request.
    120_000 + COUNT * 60,
  );
});

describe('what is no request of the document', () => {
  it(`never breaks the service when it is hardly HTTP (seed ${SEED})`, async () => {
    const random = new Random(SEED);
    const wrong: string[] = [];
    const one = async () => {
      const bytes = bytesLikeARequest(random);
      const answer = await answerTo(service.url, bytes);
      const status = /^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1];
      const isBroken = status ? status >= '500' : answer !== '';
      if (isBroken || /\bat \S+ \(|node_modules/.test(answer))
        wrong.push(`${JSON.stringify(bytes.toString('latin1'))} ${answer}`);
    };
    for (let i = 0; i < 40; i++) await Promise.all(Array.from({ length: 10 }, one));
    expect(wrong).toEqual([]);
    expect((await fetch(`${service.url}/health/live`)).status).toBe(200);
    expect(service.app.log).not.toContain('failed unexpectedly');
  });

  it('is 405 for a method that the document does not name, with those that it names', async () => {
    const { paths } = (await (await fetch(`${service.url}/docs/openapi.json`)).json()) as OpenApiDocument;
    const wrong: string[] = [];
    const patterns = Object.keys(paths).map((path) => new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`));
    for (const [path, item] of Object.entries(paths)) {
      // `/items/batch` is an `/items/{skuId}` too, and answers to the methods of both.
      if (patterns.filter((pattern) => pattern.test(path)).length > 1) continue;
      const named = Object.keys(item).map((method) => method.toUpperCase());
      const allowed = [...named, ...(named.includes('GET') ? ['HEAD'] : [])].sort().join(', ');
      for (const method of ['GET', 'PUT', 'POST', 'PATCH', 'DELETE'].filter((one) => !named.includes(one))) {
        const answer = await fetch(service.url + path.replaceAll(/\{\w+\}/g, '7'), { method });
        const { code } = (await answer.json()) as { code: string };
        if (code !== 'METHOD_NOT_ALLOWED' || answer.headers.get('allow') !== allowed) {
          wrong.push(`${method} ${path}: ${answer.status} ${code}, allow ${answer.headers.get('allow')}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });
});
