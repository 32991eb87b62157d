import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Database } from '@app/database';
import { Limits, LimitsService, SettingTable } from '@app/inventory-check';
import { createDataSource } from '../../ormconfig.js';
import { eventually, withinTries } from '../support/eventually.js';
import { OwnDatabase } from '../support/own-database.js';
import { testEnv } from '../support/services.js';

const raised = { maxSkus: 500, maxQuantityPerSku: 999 };
const defaults = { maxSkus: 120, maxQuantityPerSku: 99 };
/** Tries, 50 ms apart: with what a look at MySQL takes. */
const IN_A_SECOND = 30;

let own: OwnDatabase;
let database: Database;

beforeAll(async () => {
  own = await OwnDatabase.create();
  database = new Database(createDataSource(own.url));
});
afterAll(async () => {
  await database.onApplicationShutdown();
  await own.drop();
});

/** A process of its own: it shares MySQL with the others and nothing else. */
function newProcess() {
  const limits = new Limits(testEnv());
  const table = new SettingTable(database);
  return { limits, table, service: new LimitsService(limits, table) };
}

describe(LimitsService.name, () => {
  it('sets limits at once here and within a second elsewhere, and takes them back', async () => {
    const [here, there] = [newProcess(), newProcess()];
    await there.service.onModuleInit();
    expect(there.limits.inForce()).toEqual(defaults);
    await here.service.set(raised, null);
    expect(here.limits.inForce()).toEqual(raised);
    await withinTries(IN_A_SECOND, () => expect(there.limits.inForce()).toEqual(raised));
    await here.service.reset();
    expect(here.limits.inForce()).toEqual(defaults);
    await withinTries(IN_A_SECOND, () => expect(there.limits.inForce()).toEqual(defaults));
    there.service.beforeApplicationShutdown();
  });

  it('knows them from the start on', async () => {
    const endsAt = Date.now() + 3_600_000;
    await newProcess().service.set(raised, endsAt);
    const late = newProcess();
    await late.service.onModuleInit();
    late.service.beforeApplicationShutdown();
    expect(late.limits.currentWindow()).toEqual({ limits: raised, endsAt });
  });

  it('falls back by itself, by the clock of MySQL, and reads a window that is over as none', async () => {
    const here = newProcess();
    await here.service.set(raised, Date.now() + 3_000);
    expect(here.limits.inForce()).toEqual(raised);
    await eventually(() => expect(here.limits.inForce()).toEqual(defaults), { timeoutMs: 10_000 });
    await here.service.refresh();
    expect(here.limits.currentWindow()).toBeUndefined();
  });

  it('refuses an end that is not ahead, and keeps what was set before', async () => {
    const here = newProcess();
    await here.service.set(raised, null);
    await expect(here.service.set(defaults, Date.now() - 1)).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
      details: [{ field: 'until' }],
    });
    await here.service.refresh();
    expect(here.limits.inForce()).toEqual(raised);
  });

  it('lets no look that began before a change have the last word', async () => {
    const here = newProcess();
    await here.service.reset();
    const find = here.table.find.bind(here.table);
    let release!: () => void;
    const held = new Promise<void>((resolve) => (release = resolve));
    vi.spyOn(here.table, 'find').mockImplementationOnce(async (name) => {
      const early = await find(name);
      await held;
      return early;
    });
    const early = here.service.refresh();
    await here.service.set(raised, null);
    release();
    await early;
    expect(here.limits.inForce()).toEqual(raised);
  });

  it('keeps what it knows while MySQL is away, starts with the defaults, and catches up', async () => {
    const [here, fresh] = [newProcess(), newProcess()];
    await here.service.set(raised, null);
    const away = () => Promise.reject(new Error('away'));
    vi.spyOn(here.table, 'find').mockImplementation(away);
    const find = vi.spyOn(fresh.table, 'find').mockImplementation(away);
    await Promise.all([here.service.onModuleInit(), fresh.service.onModuleInit()]);
    expect([here.limits.inForce(), fresh.limits.inForce()]).toEqual([raised, defaults]);
    find.mockRestore();
    await eventually(() => expect(fresh.limits.inForce()).toEqual(raised));
    for (const { service } of [here, fresh]) service.beforeApplicationShutdown();
  });

  it('does not hold up the start when MySQL never answers', async () => {
    const { service, table, limits } = newProcess();
    vi.spyOn(table, 'find').mockReturnValue(new Promise(() => undefined));
    const started = performance.now();
    await service.onModuleInit();
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(limits.inForce()).toEqual(defaults);
    service.beforeApplicationShutdown();
  });

  it('takes no limits from a row that makes no sense', async () => {
    const here = newProcess();
    await here.service.set(raised, null);
    await here.table.put('limits', { maxSkus: 'many' }, null);
    await expect(here.service.refresh()).rejects.toThrow('makes no sense');
    expect(here.limits.inForce()).toEqual(raised);
    await here.service.reset();
    expect(here.limits.inForce()).toEqual(defaults);
  });
});
