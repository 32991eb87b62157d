import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodePacket, encodePacket, MAX_BODY_BYTES } from './event.packet.js';
import { PayloadTooLargeError } from './transport.errors.js';

describe(encodePacket.name, () => {
  it('gives decodePacket back what it was given', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z.-]{1,128}$/), fc.jsonValue(), (pattern, data) => {
        const packet = { pattern, data, metadata: { trace: 'x' } };
        expect(decodePacket(encodePacket(packet))).toEqual(JSON.parse(JSON.stringify(packet)));
      }),
    );
  });

  it('counts bytes, not characters', () => {
    const text = '購'.repeat(MAX_BODY_BYTES / 3);
    expect(() => encodePacket({ pattern: 'x', data: text })).toThrow(PayloadTooLargeError);
  });

  it.each(['', 'a b', 'a|b', 'a\nb', 'a\u0000b', 'x'.repeat(129)])('refuses the pattern %j', (pattern) => {
    expect(() => encodePacket({ pattern, data: 1 })).toThrow(TypeError);
  });
});

describe(decodePacket.name, () => {
  it('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(['not-json', 'not-a-packet']).toContain(decodePacket(Buffer.from(bytes)));
      }),
    );
  });

  it.each([
    ['{"pattern":"a","data":null}', { pattern: 'a', data: null }],
    ['{"pattern":"a"}', 'not-a-packet'],
    ['{"pattern":7,"data":1}', 'not-a-packet'],
    ['{"pattern":"a","data":1,"metadata":"x"}', 'not-a-packet'],
    ['{"pattern":"a","data":1,"metadata":{"n":1}}', 'not-a-packet'],
    ['{', 'not-json'],
    ['', 'not-json'],
  ])('%s', (body, outcome) => {
    expect(decodePacket(Buffer.from(body))).toEqual(outcome);
  });
});
