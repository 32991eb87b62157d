import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { storedMessages } from './broker.mjs';
import { locate } from './services.mjs';

/** @type {string} */
let folder;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'replay-services-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const WRITTEN = { httpUrl: 'http://127.0.0.1:1', redisUrl: 'redis://a', databaseUrl: 'mysql://b' };

describe('locate', () => {
  it('reads what npm start wrote, each time anew', () => {
    writeFileSync(join(folder, 'services.json'), JSON.stringify(WRITTEN));
    expect(locate({}, { DATA_DIR: folder })).toEqual(WRITTEN);
    writeFileSync(join(folder, 'services.json'), JSON.stringify({ ...WRITTEN, httpUrl: 'http://127.0.0.1:2' }));
    expect(locate({}, { DATA_DIR: folder }).httpUrl).toBe('http://127.0.0.1:2');
  });

  it('lets --url and --services decide', () => {
    const file = join(folder, 'other.json');
    writeFileSync(file, JSON.stringify(WRITTEN));
    expect(locate({ url: 'http://x', file }, {}).httpUrl).toBe('http://x');
  });

  it('takes a stack of somebody else from the environment', () => {
    const env = { DATA_DIR: folder, REDIS_URL: 'redis://c', DATABASE_URL: 'mysql://d' };
    expect(locate({}, env)).toEqual({
      httpUrl: 'http://127.0.0.1:3000',
      redisUrl: 'redis://c',
      databaseUrl: 'mysql://d',
    });
  });

  it('says what is unknown and how to tell', () => {
    expect(() => locate({}, { DATA_DIR: folder })).toThrow(/redisUrl is unknown: start the stack/);
  });
});

describe('storedMessages', () => {
  it('does not let a stack without a broker pass unseen', async () => {
    await expect(storedMessages(WRITTEN)).rejects.toThrow(/--in-process/);
  });

  it('gives up on a broker that stays away', async () => {
    const services = { ...WRITTEN, rocketmqNamesrv: '127.0.0.1:1' };
    await expect(storedMessages(services, 0)).rejects.toThrow(/gave up waiting: RocketMQ at 127.0.0.1:1/);
  });
});
