import { describe, expect, it } from 'vitest';
import { resolveOptions, resolveServerOptions } from './rocketmq.options.js';

const valid = { endpoints: 'broker.local:8081', topic: 'cart-changed', group: 'cart-table' };

describe(resolveServerOptions.name, () => {
  it('fills in what is not given, also when it is given as undefined', () => {
    const options = resolveServerOptions({ ...valid, batchSize: undefined, closeTimeoutMs: 500 });
    expect(options).toMatchObject({ batchSize: 32, invisibleMs: 30_000, awaitMs: 6000, closeTimeoutMs: 500 });
  });

  it.each([
    ['a long poll the proxy refuses', { awaitMs: 5999 }],
    ['an invisible time the proxy refuses', { invisibleMs: 9999 }],
    ['a batch the proxy refuses', { batchSize: 33 }],
    ['no batch', { batchSize: 0 }],
    ['half a message', { batchSize: 1.5 }],
    ['a group of more than 64 bytes', { group: 'g'.repeat(65) }],
    ['no group', { group: '' }],
    ['a list of topics', { topic: 'a,b' }],
    ['a list of proxies, which gRPC would take for one name', { endpoints: 'a:1;b:2' }],
    ['an address without a port, which the client would take for port 80', { endpoints: 'broker.local' }],
    ['a time limit the client refuses', { requestTimeoutMs: 999 }],
  ])('refuses %s', (_what, wrong) => {
    expect(() => resolveServerOptions({ ...valid, ...wrong })).toThrow(RangeError);
  });
});

describe(resolveOptions.name, () => {
  it('needs a topic', () => {
    expect(() => resolveOptions({ ...valid, topic: '' })).toThrow('topic');
  });
});
