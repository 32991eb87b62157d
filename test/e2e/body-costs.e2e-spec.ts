import { afterAll, beforeAll, expect, it } from 'vitest';
import { AppModule } from '../../apps/server/src/app.module.js';
import { bodyReaders, costOf, shapesFor } from '../fuzz/body-costs.js';
import { type OpenApiDocument, operationsOf } from '../fuzz/document.js';
import { Random } from '../fuzz/random.js';
import { Schemas } from '../fuzz/schemas.js';
import { AppProcess } from '../support/app-process.js';
import { testEnv } from '../support/services.js';

const MOST_TIMES = 10;

let app: AppProcess;
beforeAll(async () => {
  app = await AppProcess.start({ RATE_LIMITS: 'off' });
});
afterAll(() => app.stop());

it('B1: to refuse 64 KB costs at most ten times what parsing them does, on every route and in any shape', async () => {
  const document = (await (await fetch(`${app.url}/docs/openapi.json`)).json()) as OpenApiDocument;
  const schemas = new Schemas(document);
  const readers = bodyReaders(AppModule.forRoot(testEnv()));
  const operations = operationsOf(document).filter(({ method }) => method !== 'GET');
  expect(operations.filter(({ id }) => !readers.has(id)).map(({ id }) => id)).toEqual([]);
  const tooDear: object[] = [];
  let dearest = 0;
  let measured = 0;
  for (const operation of operations) {
    for (const [shape, body] of shapesFor(operation, schemas, new Random(1))) {
      const cost = costOf(readers.get(operation.id)!, body, MOST_TIMES);
      if (!cost) continue;
      measured++;
      const times = cost.refusing / cost.parsing;
      dearest = Math.max(dearest, times);
      if (times > MOST_TIMES) tooDear.push({ operation: `${operation.method} ${operation.path}`, shape, ...cost });
    }
  }
  console.log(`${measured} bodies, the dearest at ${dearest.toFixed(1)} times`);
  expect(measured).toBeGreaterThan(operations.length * 10);
  expect(tooDear).toEqual([]);
});
