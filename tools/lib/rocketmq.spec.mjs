import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decode, encode } from './rocketmq-admin.mjs';
import { brokerPart, escapeProperty, namesrvPart } from './rocketmq.mjs';

describe('the remoting protocol', () => {
  it('frames a command as its length, the length of the header, header and body', () => {
    const frame = encode(17, { topic: 't' }, { a: 1 });
    expect(frame.readUInt32BE(0)).toBe(frame.length - 4);
    const header = JSON.parse(frame.subarray(8, 8 + frame.readUInt32BE(4)).toString());
    expect(header).toMatchObject({ code: 17, extFields: { topic: 't' }, flag: 0 });
    expect(frame.subarray(8 + frame.readUInt32BE(4)).toString()).toBe('{"a":1}');
  });

  it('reads an answer, also one whose body has number keys', () => {
    const header = Buffer.from('{"code":0,"extFields":{"offset":"7"}}');
    const body = Buffer.from('{"brokerAddrs":{0:"127.0.0.1:1",-1:"x"}}');
    const lengths = Buffer.alloc(8);
    lengths.writeUInt32BE(4 + header.length + body.length, 0);
    lengths.writeUInt32BE(header.length, 4);
    expect(decode(Buffer.concat([lengths, header, body]))).toEqual({
      code: 0,
      remark: '',
      fields: { offset: '7' },
      body: { brokerAddrs: { 0: '127.0.0.1:1', '-1': 'x' } },
    });
  });
});

describe('escapeProperty', () => {
  it('writes what Java reads back', () => {
    expect(escapeProperty('/data/très long\\x')).toBe('/data/tr\\u00e8s long\\\\x');
  });
});

describe('the private broker', () => {
  let dataDir = '';
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'rocketmq-'));
  });
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

  const ports = { namesrv: 1, broker: 2, brokerHa: 3, proxy: 4, proxyRemoting: 5 };
  const options = () => ({ java: 'java', jars: '/jars', dataDir, ports });

  it('creates nothing by itself and listens where it was told', () => {
    const { args } = brokerPart(options()).invocation();
    expect(args).toContain('org.apache.rocketmq.proxy.ProxyStartup');
    const settings = readFileSync(join(dataDir, 'rocketmq', 'broker.conf'), 'utf8').split('\n');
    expect(settings).toEqual(
      expect.arrayContaining([
        'autoCreateTopicEnable=false',
        'autoCreateSubscriptionGroup=false',
        'bindAddress=127.0.0.1',
        'brokerIP1=127.0.0.1',
        'listenPort=2',
      ]),
    );
    const proxy = JSON.parse(readFileSync(join(dataDir, 'rocketmq', 'rmq-proxy.json'), 'utf8'));
    expect(proxy).toMatchObject({ grpcServerPort: 4, proxyMode: 'local', namesrvAddr: '127.0.0.1:1' });
  });

  it.each([
    ['name server', namesrvPart],
    ['broker', brokerPart],
  ])('writes nothing of the %s outside the data folder', (_, part) => {
    const { args } = part(options()).invocation();
    const folders = args.filter((arg) => /^-D(user\.home|java\.io\.tmpdir|rocketmq\.home\.dir)=/.test(arg));
    expect(folders).toHaveLength(3);
    for (const folder of folders) expect(folder.split('=')[1]).toContain(dataDir);
  });

  it('may be cut short only when its store is closed', () => {
    expect(brokerPart(options()).quiet?.()).toBe(false);
  });
});
