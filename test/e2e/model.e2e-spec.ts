import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { Settings } from '../model/catalogue.js';
import { GUESTS, Ids, sceneOf, storyOf, USERS, WEIGHTS } from '../model/commands.js';
import { explore, toReplay } from '../model/explore.js';
import { playRace } from '../model/parallel.js';
import { loginRaceOf, raceOf } from '../model/races.js';
import { playSequence } from '../model/sequence.js';
import { Tally } from '../model/tally.js';
import { AppProcess } from '../support/app-process.js';
import { services } from '../support/services.js';

/** Sequences of a run; MODEL_RUNS asks for more, MODEL_REPLAY for a failing one again. */
const RUNS = Number(process.env['MODEL_RUNS'] ?? 2_000);
const RACES = RUNS;
const REPLAY = toReplay(process.env['MODEL_REPLAY']);
const MINUTE = 60_000;

/** Small, so that limits bite. */
const SETTINGS: Settings = {
  maxSkus: 4,
  maxQuantityPerSku: 9,
  lowStockThreshold: 5,
  maxPendingOrders: 2,
  currency: 'CNY',
};
const SKUS = 7;

const REFUSED = ['SKU_NOT_FOUND', 'SKU_OFF_SHELF', 'QUANTITY_LIMIT', 'OUT_OF_STOCK', 'INSUFFICIENT_STOCK'];
const WRITES = ['add', 'batch', 'update', 'spec', 'delete', 'remove', 'clear', 'clear-invalid', 'undo', 'select'];
/** What a whole run meets at the least, or its generator is at fault. */
const SEQUENCE_MEETS = [
  ...WRITES.flatMap((op) => [`${op} ${op === 'add' ? 201 : 200}`, `${op} VERSION_MISMATCH`, `${op} GUEST_CART_MERGED`]),
  ...['add', 'batch', 'spec'].flatMap((op) => REFUSED.map((code) => `${op} ${code}`)),
  ...['QUANTITY_LIMIT', 'INSUFFICIENT_STOCK', 'ITEM_NOT_FOUND'].map((code) => `update ${code}`),
  ...[...REFUSED, 'CART_FULL'].map((code) => `batch rejected ${code}`),
  ...['add CART_FULL', 'batch CART_FULL', 'spec ITEM_NOT_FOUND', 'undo NOTHING_TO_UNDO', 'undo CART_FULL'],
  ...['undo clipped QUANTITY_LIMIT', 'undo rejected CART_FULL', 'batch ok', 'malformed VALIDATION_FAILED'],
  ...['added', 'summed', 'overwritten', 'kept', 'clipped', 'rejected', 'replayed'].map((outcome) => `merge ${outcome}`),
  ...['add with quantity,selected,skuId', 'update with quantity,selected,skuId', 'update with delta,selected,skuId'],
  ...[
    'merge with guest,select,strategy',
    'batch with items,mode',
    'read with group',
    'select with scope,selected,shopId',
  ],
  ...['merge UNAUTHENTICATED', 'add IDEMPOTENCY_KEY_REUSED', 'replayed add 201', 'replayed add 409'],
  ...['NOTHING_SELECTED', 'TOO_MANY_ORDERS', 'INSUFFICIENT_STOCK', ...REFUSED].map(
    (code) => `preview requires ${code}`,
  ),
  ...['SKU_GONE', 'OFF_SHELF', 'OUT_OF_STOCK'].map((reason) => `preview leaves out ${reason}`),
  ...['201', 'CART_CHANGED', 'CHECKOUT_REJECTED', 'NOTHING_SELECTED', 'PRICE_CHANGED'].map(
    (code) => `checkout ${code}`,
  ),
  ...['TOO_MANY_ORDERS', 'UNAUTHENTICATED', 'VERSION_MISMATCH'].map((code) => `checkout ${code}`),
  ...['checkout with expectedPayable', 'checkout with expectedPayable,items'],
  ...['checkout with expectedPayable,quote,quoteOf', 'checkout with expectedPayable,items,quote,quoteOf'],
  ...['replayed checkout 201', 'replayed checkout 409', 'checkout paid', 'pay 200', 'pay ORDER_CLOSED'],
  ...['cancel 200', 'cancel restored', 'cancel ORDER_NOT_FOUND', 'cancel ORDER_PAID'],
  ...['shows CART_FULL', 'shows QUANTITY_LIMIT of an item', 'shows INSUFFICIENT_STOCK of an item'],
  ...['name,price', 'shopId,shopName', 'spuId', 'image,spec', 'delete'].map((change) => `item changes ${change}`),
  ...['replayed batch 200', 'replayed update 200', 'replayed update 404', 'replayed merge 200', 'replayed undo 200'],
];
const RACE = ['add 201', 'update 200', 'undo 200', 'spec 200', 'add VERSION_MISMATCH', 'add QUANTITY_LIMIT'];
const RACE_MEETS: Record<string, string[]> = {
  user: [...RACE, 'merge added'],
  guest: RACE,
  'guest who logs in': ['add 201', 'add GUEST_CART_MERGED', 'merge added', 'merge summed', 'merge replayed'],
};

function expectToHaveMet(tally: Tally, what: string[]): void {
  if (RUNS >= 2_000 && !REPLAY) expect(Object.keys(tally.all)).toEqual(expect.arrayContaining(what));
}

let app: AppProcess | undefined;

beforeAll(async () => {
  app = await AppProcess.start({
    MAX_SKUS: String(SETTINGS.maxSkus),
    MAX_QUANTITY_PER_SKU: String(SETTINGS.maxQuantityPerSku),
    MAX_PENDING_ORDERS: String(SETTINGS.maxPendingOrders),
    DEMO_PAY: 'true',
    RATE_LIMITS: 'off',
    // What becomes of a change behind the answer is not looked at here, and would take half of the processor.
    TRANSPORT: 'in-process',
    REDIS_URL: `${services().redisUrl}/4`,
  });
});
afterAll(async () => {
  expect(await app?.stop()).toBe(0);
});

const common = { settings: SETTINGS, skus: SKUS, replay: REPLAY };
const others = (name: string) => REPLAY !== undefined && REPLAY.name !== name;

describe('the service and the model', () => {
  it.skipIf(others('sequences'))('answer one request after another alike', { timeout: 30 * MINUTE }, async () => {
    const arbitrary = (ids: Ids) => fc.record({ scene: sceneOf(ids), commands: storyOf(ids, WEIGHTS) });
    const tally = await explore({
      ...common,
      name: 'sequences',
      url: app!.url,
      runs: RUNS,
      stages: 8,
      arbitrary,
      play: (stage, { scene, commands }) => playSequence(stage, scene, commands),
    });
    expectToHaveMet(tally, SEQUENCE_MEETS);
  });

  describe.each([
    ['user', (ids: Ids) => raceOf(ids, USERS[0])],
    ['guest', (ids: Ids) => raceOf(ids, GUESTS[0])],
    ['guest who logs in', loginRaceOf],
  ])('with several clients of a %s at once', (kind, arbitrary) => {
    const name = `races of a ${kind}`.replaceAll(' ', '-');
    it.skipIf(others(name))('agree on a cart', { timeout: 30 * MINUTE }, async () => {
      const tally = await explore({
        ...common,
        name,
        url: app!.url,
        runs: Math.ceil(RACES / 3),
        stages: 4,
        arbitrary,
        play: playRace,
      });
      expectToHaveMet(tally, RACE_MEETS[kind]!);
    });
  });
});
