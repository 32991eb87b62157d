import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Database } from '@app/database';
import { createDataSource } from '../../ormconfig.js';
import { sceneOf, storyOf, WEIGHTS } from '../model/commands.js';
import { explore } from '../model/explore.js';
import { playSequence } from '../model/sequence.js';
import { Api, Shopper } from '../support/api.js';
import { BrokerAddress } from '../support/broker.js';
import { eventually } from '../support/eventually.js';
import { MessageRecorder, shuffled, toMessages } from '../support/message-recorder.js';
import { Stack, withoutServers } from '../support/stack.js';

const REPLAY = join(import.meta.dirname, '../../tools/replay.mjs');
const PATIENCE = { timeoutMs: 120_000, intervalMs: 200 };

let stack: Stack;
let api: Api;
let admin: Shopper;
let database: Database;
let recorder: MessageRecorder;

/** Everything the service can do to a cart has been done, and every message of it is on record. */
beforeAll(async () => {
  Logger.overrideLogger(['error']);
  stack = await Stack.start({ SYNC_HOURLY_CRON: 'off', SYNC_DAILY_CRON: 'off', DEMO_PAY: 'true' });
  const { httpUrl, databaseUrl, rocketmqEndpoints, rocketmqNamesrv } = stack.services();
  api = new Api(httpUrl);
  admin = await api.admin();
  database = new Database(createDataSource(databaseUrl));
  recorder = await MessageRecorder.listen(new BrokerAddress(rocketmqEndpoints, rocketmqNamesrv), 'cart-changed');
  await replayInvoices();
  await playEverything(httpUrl);
  await fillAndClear();
  // One that nobody can apply is there too.
  await recorder.send([[{ schema: 1, owner: 'nobody' }]]);
  await eventually(assertRecorded, PATIENCE);
  await recorder.stopListening();
}, 600_000);
afterAll(async () => {
  await recorder?.close();
  await database?.onApplicationShutdown();
  expect(await stack?.stop()).toBe(0);
});

async function replayInvoices(): Promise<void> {
  const args = [REPLAY, '--services', stack.servicesFile, '--lines', '200'];
  const child = spawn(process.execPath, args, { env: withoutServers() });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [exitCode] = (await once(child, 'exit')) as [number];
  expect(exitCode, output).toBe(0);
}

/** Random stories with every route that changes a cart, merges and orders included. */
async function playEverything(url: string): Promise<void> {
  await explore({
    name: 'redelivery',
    url,
    settings: { maxSkus: 120, maxQuantityPerSku: 99, lowStockThreshold: 5, maxPendingOrders: 5, currency: 'CNY' },
    skus: 7,
    runs: 100,
    stages: 4,
    arbitrary: (ids) => fc.record({ scene: sceneOf(ids), commands: storyOf(ids, WEIGHTS) }),
    play: (stage, { scene, commands }) => playSequence(stage, scene, commands),
  });
}

const CLEARED_ITEMS = 25;

/** Rows of items that are gone, for certain: how many the random stories leave is chance. */
async function fillAndClear(): Promise<void> {
  const shopper = await api.login();
  const skuIds = await api.skus(...Array.from({ length: CLEARED_ITEMS }, () => ({})));
  for (const skuId of skuIds) expect((await shopper.add(skuId)).status).toBe(201);
  expect((await shopper.delete('/v1/cart')).status).toBe(200);
}

interface LoggedKey {
  owner_kind: string;
  owner_id: string;
  version: string;
}

/** What was recorded is what the log has, to the last change. */
async function assertRecorded(): Promise<void> {
  const logged = await database.query<LoggedKey>('SELECT DISTINCT owner_kind, owner_id, version FROM cart_change_log');
  const known = recorder.events.filter(({ items }) => items).map(({ owner, version }) => ({ ...owner, version }));
  const toKeys = (all: { kind: string; id: string; version: string }[]) =>
    [...new Set(all.map(({ kind, id, version }) => `${kind} ${id} ${version}`))].sort();
  const asLogged = logged.map(({ owner_kind: kind, owner_id: id, version }) => ({ kind, id, version }));
  expect(toKeys(known)).toEqual(toKeys(asLogged));
  expect((await admin.get('/v1/admin/outbox')).body).toMatchObject({ depth: 0, deadLetters: 1 });
  expect(recorder.events.length).toBeGreaterThan(known.length);
}

async function applied(): Promise<number> {
  const metrics = (await api.call<string>('GET', '/metrics')).body;
  return Number(/^cart_sync_lag_seconds_count (\d+)$/m.exec(metrics)?.[1] ?? 0);
}

/** Sends messages to the service's own topic, and waits until it has applied every change in them. */
async function deliver(messages: readonly (readonly unknown[])[]): Promise<void> {
  const before = await applied();
  const changes = messages.flat().filter((event) => (event as { items?: unknown }).items).length;
  await recorder.send(messages);
  await eventually(async () => expect((await applied()) - before).toBeGreaterThanOrEqual(changes), PATIENCE);
}

type Row = Record<string, unknown>;

/** Everything that MySQL has of carts, and what is told of it. */
async function picture() {
  const [carts, log, letters] = await Promise.all([
    database.query<Row>('SELECT * FROM cart ORDER BY user_id, product_sku_id'),
    database.query<Row>('SELECT * FROM cart_change_log ORDER BY owner_kind, owner_id, version, sku_id'),
    database.query<Row>('SELECT * FROM dead_letter ORDER BY id'),
  ]);
  const report: unknown[] = [];
  for (let query = ''; ;) {
    const { skus, next } = (await admin.get(`/v1/admin/analytics/abandonment${query}`)).body;
    report.push(...skus);
    if (next === null) break;
    query = `?cursor=${next}`;
  }
  for (const rows of [carts, log, report]) expect(rows.length).toBeGreaterThan(100);
  return { carts, log, letters, report };
}

/** What a row is, without when and as which number it was written. */
const content = (rows: readonly Row[]) => rows.map(({ id: _id, update_time: _time, ...rest }) => rest);

const doubledAndShuffled = () => [...shuffled(recorder.messages), ...toMessages(shuffled(recorder.events))];

it('all messages again, late, doubled and shuffled, change nothing anywhere', async () => {
  const before = await picture();
  expect(new Set(before.log.map((line) => line['action'])).size).toBeGreaterThan(6);
  expect(before.carts.filter((row) => row['is_deleted'] === 1).length).toBeGreaterThanOrEqual(CLEARED_ITEMS);
  await deliver(doubledAndShuffled());
  expect(await picture()).toEqual(before);
});

it('all messages for the first time in any order, each three times, make the same tables', async () => {
  const before = await picture();
  for (const table of ['cart', 'cart_change_log', 'dead_letter']) await database.query(`DELETE FROM ${table}`);
  const { events } = recorder;
  await deliver([...toMessages(shuffled([...events, ...events])), ...shuffled(recorder.messages)]);
  const after = await picture();
  expect(content(after.carts)).toEqual(content(before.carts));
  expect(content(after.log)).toEqual(content(before.log));
  expect(after.letters).toMatchObject([{ fingerprint: before.letters[0]!['fingerprint'] }]);
  expect(after.report).toEqual(before.report);
});

it('all messages again after Redis has begun another life, which has them compared with it, change nothing', async () => {
  const before = await picture();
  await stack.kill('redis');
  await deliver(doubledAndShuffled());
  expect(await picture()).toEqual(before);
});
