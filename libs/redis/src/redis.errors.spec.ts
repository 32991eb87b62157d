import { ClientClosedError, ClientOfflineError, SimpleError, SocketClosedUnexpectedlyError } from 'redis';
import { describe, expect, it } from 'vitest';
import { RedisTimeoutError, RedisUnavailableError, toRedisError } from './redis.errors.js';

describe(toRedisError.name, () => {
  it.each(['LOADING', 'READONLY', 'MASTERDOWN', 'CLUSTERDOWN', 'NOREPLICAS', 'OOM', 'MISCONF', 'BUSY'])(
    'takes %s for an outage in which nothing happened',
    (code) => {
      const cause = new SimpleError(`${code} some words`);
      expect(toRedisError(cause)).toMatchObject({ name: 'RedisUnavailableError', outcome: 'not-sent', cause });
    },
  );

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
