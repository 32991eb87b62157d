import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Database } from '@app/database';
import { createDataSource } from '../../ormconfig.js';
import { Api, Shopper } from '../support/api.js';
import { assertDrained } from '../support/drained.js';
import { eventually } from '../support/eventually.js';
import { Shopping } from '../support/shopping.js';
import { Stack } from '../support/stack.js';

/** How long a part is away. The promise is about two minutes; the stage has less time, `OUTAGE_SECONDS=120` has it. */
const OUTAGE_SECONDS = Number(process.env['OUTAGE_SECONDS'] ?? 25);
/** So many calls at least: fewer would say nothing of one in a thousand. A busy machine may take its time for them. */
const CALLS = 1_000;
const SHOPPERS = 20;

let stack: Stack;
let api: Api;
let admin: Shopper;
let database: Database;

beforeAll(async () => {
  stack = await Stack.start();
  api = new Api(stack.services().httpUrl);
  admin = await api.admin();
  database = new Database(createDataSource(stack.services().databaseUrl));
});
afterAll(async () => {
  await database.onApplicationShutdown();
  expect(await stack.stop()).toBe(0);
});

const health = async () => (await api.call<{ status: string }>('GET', '/health/ready')).body.status;

it.each(['mysql', 'broker'] as const)(
  'the %s is away for long under load: shoppers do not notice, and not one change is missing afterwards',
  async (part) => {
    const skuIds = await api.skus({}, {}, {}, {}, {}, {});
    const shoppers = await Promise.all(Array.from({ length: SHOPPERS }, () => api.login()));
    const shopping = await Shopping.begin(shoppers, skuIds);
    let calls = 0;
    try {
      await eventually(() => expect(shopping.calls).toBeGreaterThan(5 * SHOPPERS));
      await stack.kill(part, async () => {
        const before = shopping.calls;
        await delay(OUTAGE_SECONDS * 1_000);
        await eventually(() => expect(shopping.calls - before).toBeGreaterThan(CALLS), { timeoutMs: 400_000 });
        expect(await health()).toBe('degraded');
        calls = shopping.calls - before;
      });
    } finally {
      await shopping.stop();
    }
    // All of them count, also those at the moment of the loss and of the return.
    expect(shopping.failures.length, shopping.failures.join('\n')).toBeLessThanOrEqual(calls / 1_000);
    await assertDrained({ admin, database }, await shopping.prove(api));
  },
  (2 * OUTAGE_SECONDS + 600) * 1_000,
);
