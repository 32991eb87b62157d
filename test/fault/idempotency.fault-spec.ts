import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Api } from '../support/api.js';
import { AppProcess } from '../support/app-process.js';
import { eventually } from '../support/eventually.js';

let app: AppProcess;
let api: Api;

beforeAll(async () => {
  app = await AppProcess.start();
  api = new Api(app.url);
});
afterAll(async () => {
  expect(await app.stop()).toBe(0);
});

describe('a request with an Idempotency-Key whose process dies', () => {
  it.each([
    ['before its script ran', 'write-claimed', false],
    ['after its script ran', 'write-done', true],
  ])('%s is made exactly once by the repeat', async (_, crashAt, replayed) => {
    const doomed = await AppProcess.start({ CRASH_AT: crashAt });
    try {
      const [a] = await api.skus({});
      const user = await api.login();
      const header = { 'idempotency-key': randomUUID() };
      await expect(user.at(new Api(doomed.url)).add(a!, 4, header)).rejects.toThrow('fetch failed');
      const answer = await eventually(
        async () => {
          const repeat = await user.add(a!, 4, header);
          expect(repeat.status).toBe(201);
          return repeat;
        },
        { timeoutMs: 90_000, intervalMs: 500 },
      );
      expect(answer.headers.get('idempotent-replayed') === 'true').toBe(replayed);
      expect(answer.body.badge.quantity).toBe(4);
      await user.add(a!, 4, header);
      expect((await user.cart()).badge.quantity).toBe(4);
    } finally {
      await doomed.kill();
    }
  });
});
