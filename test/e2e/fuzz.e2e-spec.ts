import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Api } from '../support/api.js';
import { eventually } from '../support/eventually.js';
import { coverageTable, fuzz, neverSucceeded } from '../fuzz/fuzzer.js';
import { PrivateApp } from '../fuzz/private-app.js';

/** `FUZZ_REQUESTS=50000 FUZZ_SEED=7`: more than in CI, or a run again. */
const COUNT = Number(process.env['FUZZ_REQUESTS'] ?? 5000);
const SEED = Number(process.env['FUZZ_SEED'] ?? randomInt(1, 2 ** 31));

let service: PrivateApp;
beforeAll(async () => {
  service = await PrivateApp.start();
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
      expect(neverSucceeded(result)).toEqual([]);

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
    60_000 + COUNT * 20,
  );
});
