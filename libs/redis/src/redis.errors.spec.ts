import { ClientClosedError, ClientOfflineError, SimpleError, SocketClosedUnexpectedlyError } from 'redis';
import { describe, expect, it } from 'vitest';
import { RedisTimeoutError, RedisUnavailableError, toRedisError } from './redis.errors.js';

describe(toRedisError.name, () => {
  const CODES = [
    ...['LOADING', 'READONLY', 'MASTERDOWN', 'CLUSTERDOWN', 'NOREPLICAS', 'OOM', 'MISCONF', 'BUSY'],
    ...['NOAUTH', 'NOPERM', 'WRONGPASS', 'MOVED', 'ASK', 'TRYAGAIN', 'CROSSSLOT', 'UNKILLABLE'],
  ];
  it.each(CODES)('B17: takes %s for an outage in which nothing happened, in a script too', (code) => {
    for (const text of [
      `${code} some words`,
      `ERR Error running script (call to f_1): @user_script:1: -${code} some`,
    ]) {
      const cause = new SimpleError(text);
      const expected = { name: 'RedisUnavailableError', appCode: 'CART_UNAVAILABLE', outcome: 'not-sent', cause };
      expect(toRedisError(cause)).toMatchObject({ ...expected, refusal: code });
    }
  });

  it.each(['ERR max number of clients reached', 'ERR ACL failure in script: no permissions'])('B17: and %s', (text) => {
    expect(toRedisError(new SimpleError(text))).toMatchObject({ appCode: 'CART_UNAVAILABLE', outcome: 'not-sent' });
  });

  it.each([
    new SimpleError('WRONGTYPE x'),
    new SimpleError('ERR OOM '),
    new TypeError('x'),
    new RedisTimeoutError('x'),
  ])('passes %s as it is', (error) => {
    expect(toRedisError(error)).toBe(error);
  });

  it.each([new ClientOfflineError(), new ClientClosedError()])('knows that nothing was sent: %s', (error) => {
    expect(toRedisError(error)).toMatchObject({ outcome: 'not-sent' });
  });

  it('does not know the outcome of a lost connection', () => {
    const error = toRedisError(new SocketClosedUnexpectedlyError());
    expect(error).toBeInstanceOf(RedisUnavailableError);
    expect(error).toMatchObject({ outcome: 'unknown' });
  });
});
