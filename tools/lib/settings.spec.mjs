import { describe, expect, it } from 'vitest';
import { readSettings } from './settings.mjs';

describe(readSettings.name, () => {
  it('knows a port when none is set', () => {
    expect(readSettings({})).toEqual({ port: 3000 });
    expect(readSettings({ PORT: '', REDIS_URL: '', DATABASE_URL: '' })).toEqual({ port: 3000 });
  });

  it.each([
    { REDIS_URL: 'redis://127.0.0.1:6380' },
    { REDIS_URL: 'rediss://:pw@redis.shop/1' },
    { DATABASE_URL: 'mysql://cart:pw@db:3306/cart' },
    { DATABASE_URL: 'mariadb://cart@[::1]/cart' },
  ])('takes %j', (env) => {
    expect(readSettings({ ...env, PORT: '65535' })).toEqual({ port: 65_535 });
  });

  it.each([
    [{ PORT: '0' }, /^PORT must be 1 … 65535, not 0\.$/],
    [{ PORT: '65536' }, /^PORT /],
    [{ PORT: 'http' }, /^PORT /],
    [{ REDIS_URL: '127.0.0.1:6379' }, /^REDIS_URL must be like redis:\/\/HOST:PORT\.$/],
    [{ REDIS_URL: 'http://redis:6379' }, /^REDIS_URL /],
    [{ REDIS_URL: 'redis://' }, /^REDIS_URL /],
    [{ DATABASE_URL: 'postgres://cart:secret@db/cart' }, /^DATABASE_URL must be like mysql:\/\/USER:[^ ]+\.$/],
    [{ DATABASE_URL: 'mysql:/db/cart' }, /^DATABASE_URL /],
    [{ DATABASE_URL: 'mysql://db:port/cart' }, /^DATABASE_URL /],
  ])('refuses %j', (env, sentence) => {
    expect(() => readSettings(env)).toThrow(sentence);
    expect(() => readSettings(env)).not.toThrow('secret');
  });
});
