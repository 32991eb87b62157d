import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Database } from '@app/database';
import { Catalogue, CatalogueSharer, skusOf, SkuTable } from '@app/inventory-check';
import { keys, RedisConnection, RedisUnavailableError } from '@app/redis';
import { createDataSource } from '../../ormconfig.js';
import { eventually } from '../support/eventually.js';
import { newSku } from '../support/factories.js';
import { RedisServer } from '../support/redis-server.js';
import { freshSkuId, services } from '../support/services.js';

const redis = new RedisConnection({ url: services().redisUrl });
const database = new Database(createDataSource(services().databaseUrl));
const table = new SkuTable(database);
/** A process of its own: it shares Redis and MySQL with the others and nothing else. */
const newProcess = () => new Catalogue(redis, table);

beforeAll(() => redis.connect());
afterAll(async () => {
  await redis.close();
  await database.onApplicationShutdown();
});

function toInput(overrides: Parameters<typeof newSku>[0] = {}) {
  const { version: _version, status: _status, ...sku } = newSku(overrides);
  return { ...sku, status: 'on' as const };
}

describe(Catalogue.name, () => {
  it('shows a change at once to the process that made it, and to a process that looks afresh', async () => {
    const writer = newProcess();
    const sku = toInput({ price: 500 });
    await writer.upsert([sku]);
    expect(await writer.get(sku.skuId)).toMatchObject({ price: 500, version: 1 });
    await writer.patch(sku.skuId, { price: 400, purchaseLimit: null });
    expect(await writer.get(sku.skuId)).toMatchObject({ price: 400, version: 2 });
    expect(await newProcess().get(sku.skuId)).toMatchObject({ price: 400, stock: sku.stock, name: sku.name });
  });

  it('asks MySQL once for a SKU nobody knows, and shows it as soon as it exists', async () => {
    const skuId = freshSkuId();
    const reader = newProcess();
    expect(await reader.get(skuId)).toBeNull();
    expect(await redis.command(['TTL', keys.sku(skuId)])).toBeGreaterThan(0);
    const find = table.find.bind(table);
    table.find = () => Promise.reject(new Error('MySQL must not be asked'));
    expect(await newProcess().get(skuId)).toBeNull();
    table.find = find;
    await newProcess().upsert([toInput({ skuId })]);
    expect(await newProcess().get(skuId)).toMatchObject({ skuId });
    expect(await redis.command(['TTL', keys.sku(skuId)])).toBe(-1);
  });

  it('takes a deleted SKU for none, and one that comes back for a newer one', async () => {
    const catalogue = newProcess();
    const sku = toInput();
    await catalogue.upsert([sku]);
    expect(await catalogue.remove(sku.skuId)).toMatchObject({ status: 'gone' });
    expect(await catalogue.get(sku.skuId)).toBeNull();
    expect(await newProcess().get(sku.skuId)).toBeNull();
    expect(await catalogue.remove(sku.skuId)).toBeUndefined();
    expect(await catalogue.patch(sku.skuId, { stock: 1 })).toBeUndefined();
    await catalogue.upsert([sku]);
    expect(await newProcess().get(sku.skuId)).toMatchObject({ version: 3 });
  });

  it('never lets a late copy replace a newer one', async () => {
    const sku = toInput();
    await newProcess().upsert([sku]);
    await newProcess().patch(sku.skuId, { price: 7 });
    const late = newProcess();
    const find = table.find.bind(table);
    table.find = async () => [{ ...newSku({ skuId: sku.skuId }), price: 1, version: 1 }];
    await redis.command(['DEL', keys.sku(sku.skuId)]);
    const read = late.get(sku.skuId);
    await redis.command(['SET', keys.sku(sku.skuId), `2 ${JSON.stringify({ ...sku, price: 7, version: 2 })}`]);
    await read;
    table.find = find;
    expect(await newProcess().get(sku.skuId)).toMatchObject({ price: 7, version: 2 });
  });

  it('shows a new SKU at once although a look for it, begun before, finds none', async () => {
    const skuId = freshSkuId();
    const catalogue = newProcess();
    const find = table.find.bind(table);
    let release!: () => void;
    const held = new Promise<void>((resolve) => (release = resolve));
    table.find = async (ids, query) => {
      const rows = await find(ids, query);
      if (!query) await held;
      return rows;
    };
    const early = catalogue.get(skuId);
    await eventually(async () => expect(await redis.command(['EXISTS', keys.sku(skuId)])).toBe(0));
    await catalogue.upsert([toInput({ skuId })]);
    release();
    expect(await early).toMatchObject({ skuId });
    table.find = find;
    expect(await catalogue.get(skuId)).toMatchObject({ skuId });
  });

  it('takes no SKUs for nothing to do, and names a nameless one after its code', async () => {
    await newProcess().upsert([]);
    const sku = toInput();
    await newProcess().upsert([sku]);
    expect(await newProcess().patch(sku.skuId, { name: '' })).toMatchObject({ name: sku.skuCode });
  });

  it('mends the shared copy when the process that changed the SKU died before it shared it', async () => {
    const sku = toInput({ price: 500 });
    await newProcess().upsert([sku]);
    await table.patch(sku.skuId, { price: 300 });
    expect(await newProcess().get(sku.skuId)).toMatchObject({ price: 500 });
    await newProcess().shareChangedSince(60);
    expect(await newProcess().get(sku.skuId)).toMatchObject({ price: 300 });
  });

  it('keeps a change that was committed while Redis is away; it is shared when Redis is back', async () => {
    const sku = toInput({ price: 500 });
    await newProcess().upsert([sku]);
    const away = new RedisConnection({ url: 'redis://127.0.0.1:1' });
    const cutOff = new Catalogue(away, table);
    expect(await cutOff.patch(sku.skuId, { price: 450 })).toMatchObject({ price: 450 });
    await expect(cutOff.get('1')).rejects.toThrow(RedisUnavailableError);
    expect(skusOf(await cutOff.lookUpInTable([sku.skuId, '1']))).toEqual(
      new Map([[sku.skuId, expect.objectContaining({ price: 450 })]]),
    );
    await newProcess().shareChangedSince(60);
    expect(await newProcess().get(sku.skuId)).toMatchObject({ price: 450 });
    await away.close();
  });
});

describe(CatalogueSharer.name, () => {
  it('shares all copies anew with a Redis that came back with an old file, also while the service runs', async () => {
    const server = await RedisServer.forTest(['--appendonly', 'yes', '--appendfsync', 'always']);
    const own = new RedisConnection({ url: server.url });
    const catalogue = new Catalogue(own, table);
    const sharer = new CatalogueSharer(catalogue, own);
    onTestFinished(async () => {
      await sharer.beforeApplicationShutdown();
      await own.close();
    });
    await own.connect();
    const sku = toInput({ price: 500 });
    await table.upsert([sku]);
    await table.patch(sku.skuId, { price: 300 });
    await database.query('UPDATE product_sku SET update_time = update_time - INTERVAL 3 DAY WHERE sku_id = ?', [
      sku.skuId,
    ]);
    const old = `1 ${JSON.stringify({ ...newSku(sku), price: 500, version: 1 })}`;
    const bringOldCopy = () => own.command(['SET', keys.sku(sku.skuId), old]);
    const shared = () => own.command<string>(['GET', keys.sku(sku.skuId)]);

    await bringOldCopy();
    sharer.onApplicationBootstrap();
    await eventually(async () => expect(await shared()).toMatch(/^2 /));
    expect(await new Catalogue(own, table).get(sku.skuId)).toMatchObject({ price: 300, version: 2 });
    await eventually(async () => expect(await own.command(['GET', keys.skusServer])).toBe(await own.runId()));

    await bringOldCopy();
    await server.kill();
    await server.restart();
    await eventually(async () => expect(await shared()).toMatch(/^2 /));
    await eventually(async () => expect(await own.command(['GET', keys.skusServer])).toBe(await own.runId()));
  });
});
