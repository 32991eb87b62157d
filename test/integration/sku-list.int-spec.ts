import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Database, DatabaseUnavailableError } from '@app/database';
import { SkuFilter, SkuInput, SkuList, SkuTable } from '@app/inventory-check';
import { createDataSource } from '../../ormconfig.js';
import { newSku } from '../support/factories.js';
import { OwnDatabase } from '../support/own-database.js';

let own: OwnDatabase;
let database: Database;
let table: SkuTable;
let list: SkuList;

beforeAll(async () => {
  own = await OwnDatabase.create();
  database = new Database(createDataSource(own.url));
  table = new SkuTable(database);
  list = new SkuList(table);
});
afterAll(async () => {
  await database.onApplicationShutdown();
  await own.drop();
});

function sku(skuId: number | string, overrides: Partial<SkuInput> = {}): SkuInput {
  const { version: _version, status: _status, ...rest } = newSku({ skuId: String(skuId) });
  return { ...rest, status: 'on', ...overrides };
}

/** Every page of a list, by its cursors. */
async function pages(filter: SkuFilter): Promise<string[][]> {
  const all: string[][] = [];
  for (let cursor: string | undefined; ;) {
    const { skus, next } = await list.page(filter, cursor);
    all.push(skus.map((one) => one.skuId));
    if (next === null) return all;
    cursor = next;
  }
}

const found = async (text: string) => (await pages({ text, shopId: '900' })).flat();

describe(SkuList.name, () => {
  it('lists what is on the shelf in the order of numbers, 50 a page, each once', async () => {
    const ids = [...Array.from({ length: 118 }, (_, i) => String(i + 5)), '9223372036854775806', '9223372036854775807'];
    await table.upsert(ids.map((id) => sku(id, { shopId: '800' })));
    await table.patch('7', { status: 'off' });
    await table.remove('9');
    const expected = ids.filter((id) => id !== '7' && id !== '9');
    const all = await pages({ shopId: '800' });
    expect(all.map((page) => page.length)).toEqual([50, 50, 18]);
    expect(all.flat()).toEqual(expected);
    expect((await pages({})).flat()).toEqual(expected);
    expect(await pages({ shopId: '801' })).toEqual([[]]);
  });

  it('has no next page after a last one that is full', async () => {
    await table.upsert(Array.from({ length: 50 }, (_, i) => sku(2_000 + i, { shopId: '810' })));
    const page = await list.page({ shopId: '810' });
    expect([page.skus.length, page.next]).toEqual([50, null]);
  });

  it('finds a text in name and code whatever the case, and takes no character for a wildcard', async () => {
    const shop = { shopId: '900' };
    await table.upsert([
      sku(3001, { ...shop, name: 'WHITE METAL LANTERN', skuCode: '71053' }),
      sku(3002, { ...shop, name: 'Mug', skuCode: '85123a' }),
      sku(3003, { ...shop, name: '白色金属灯笼', skuCode: '85123A' }),
      sku(3004, { ...shop, name: '100% wool_en !', skuCode: 'x\\y' }),
      sku(3005, { ...shop, name: 'off white', skuCode: 'o', status: 'off' }),
      sku(3006, { ...shop, name: 'O\'Neill -- "quoted"', skuCode: 'q' }),
    ]);
    expect(await found('white')).toEqual(['3001']);
    expect(await found('85123a')).toEqual(['3002', '3003']);
    expect(await found('金属')).toEqual(['3003']);
    expect(await found('%')).toEqual(['3004']);
    expect(await found('_')).toEqual(['3004']);
    expect(await found('!')).toEqual(['3004']);
    expect(await found('\\')).toEqual(['3004']);
    expect(await found('0% w')).toEqual(['3004']);
    expect(await found("o'n")).toEqual(['3006']);
    expect(await found('"')).toEqual(['3006']);
    expect(await found('nothing of the kind')).toEqual([]);
    expect((await pages({ text: 'METAL lan' })).flat()).toEqual(['3001']);
  });

  it('names the other SKUs of a product that are on the shelf', async () => {
    const spu = { spuId: '77', shopId: '820' };
    await table.upsert([sku(4001, spu), sku(4002, spu), sku(4003, { ...spu, status: 'off' }), sku(4004, spu)]);
    await table.upsert([sku(4005, { spuId: '78', shopId: '820' }), sku(4006, { spuId: '77', shopId: '821' })]);
    const variants = async (skuId: string) => {
      const [one] = await table.find([skuId]);
      return (await list.variantsOf(one!)).map((other) => other.skuId);
    };
    expect(await variants('4002')).toEqual(['4001', '4004', '4006']);
    expect(await variants('4005')).toEqual([]);
    expect(await variants('3001')).toEqual([]);
    expect(await pages({ spuId: '77' })).toEqual([['4001', '4002', '4004', '4006']]);
    expect(await pages({ spuId: '77', shopId: '820' })).toEqual([['4001', '4002', '4004']]);
    expect(await pages({ spuId: '77', text: 'code-4004' })).toEqual([['4004']]);
  });

  it('starts a page at its cursor, however much lies before and between', async () => {
    const rows = async (filter: SkuFilter) => {
      const statements = vi.spyOn(database, 'query');
      await list.page(filter, '20000');
      const [sql, parameters] = statements.mock.calls.at(-1)!;
      statements.mockRestore();
      const [plan] = await database.query<{ type: string; key: string }>(`EXPLAIN ${sql}`, parameters);
      return `${plan!.type} ${plan!.key}`;
    };
    expect(await rows({})).toBe('range idx_status');
    expect(await rows({ shopId: '800' })).toBe('range idx_shop');
    expect(await rows({ spuId: '77' })).toBe('range idx_spu');
    expect(await rows({ text: 'mug' })).toBe('range PRIMARY');
  });

  it('is unavailable while MySQL is', async () => {
    const away = new Database(createDataSource('mysql://nobody@127.0.0.1:1/nothing'));
    await expect(new SkuList(new SkuTable(away)).page({})).rejects.toThrow(DatabaseUnavailableError);
  });
});

describe('a search through a large catalogue', () => {
  const SKUS = 45_000;

  beforeAll(async () => {
    for (let i = 0; i < SKUS; i += 5_000) {
      await table.upsert(Array.from({ length: 5_000 }, (_, k) => sku(1_000_000 + i + k, { shopId: '1000' })));
    }
    await table.patch(String(1_000_000 + SKUS - 1), { name: 'the needle' });
    await table.patch('1000003', { name: 'a needle too' });
  });

  it('looks through it in windows, and misses none', async () => {
    const statements = vi.spyOn(table, 'onShelf');
    expect((await pages({ text: 'needle' })).flat()).toEqual(['1000003', String(1_000_000 + SKUS - 1)]);
    expect(statements.mock.calls.length).toBeGreaterThanOrEqual(3);
    expect((await pages({ text: 'needle', shopId: '1000' })).flat()).toHaveLength(2);
    expect((await pages({ text: 'nowhere' })).flat()).toEqual([]);
  });

  it('answers what it has when its time is over, and goes on from there', async () => {
    let now = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => (now += 1_000));
    const first = await list.page({ text: 'needle', shopId: '1000' });
    expect(first.skus.map((one) => one.skuId)).toEqual(['1000003']);
    expect(first.next).toBe('1019999');
    expect((await list.page({ text: 'needle', shopId: '1000' }, first.next!)).skus).toEqual([]);
    expect(await pages({ text: 'needle', shopId: '1000' })).toEqual([['1000003'], [], [`${1_000_000 + SKUS - 1}`]]);
  });

  it('never has more than two lists at MySQL at once', async () => {
    let running = 0;
    let most = 0;
    const onShelf = table.onShelf.bind(table);
    vi.spyOn(table, 'onShelf').mockImplementation(async (...parameters) => {
      most = Math.max(most, ++running);
      return onShelf(...parameters).finally(() => (running -= 1));
    });
    // One that waits for too long is turned away.
    const answers = await Promise.allSettled(Array.from({ length: 12 }, () => list.page({ text: 'nowhere' })));
    expect(answers).toHaveLength(12);
    expect(most).toBe(2);
  });
});
