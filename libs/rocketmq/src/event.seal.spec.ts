import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { EventSeal } from './event.seal.js';

const OLD = 'old:unit-test-event-key-of-32-bytes-or-more';
const NEW = 'new:another-event-key-of-32-bytes-or-more-here';
const body = Buffer.from('{"pattern":"cart.changed","data":[]}');

describe(EventSeal.name, () => {
  it('B3: signs with the first key and takes the seals of all', () => {
    const seal = new EventSeal({ keys: [NEW, OLD] });
    const mac = createHmac('sha256', NEW.slice('new:'.length)).update(body).digest('hex');
    expect(seal.sign(body)).toBe(`new:${mac}`);
    expect(seal.fault(body, seal.sign(body))).toBeUndefined();
    expect(seal.fault(body, new EventSeal({ keys: [OLD] }).sign(body))).toBeUndefined();
  });

  it.each([
    ['another body', () => new EventSeal({ keys: [NEW] }).sign(Buffer.from('{}'))],
    ['another secret', () => new EventSeal({ keys: ['new:a-secret-of-another-service-of-32-bytes'] }).sign(body)],
    ['an unknown key', () => new EventSeal({ keys: [OLD] }).sign(body)],
    ['a cut mac', () => new EventSeal({ keys: [NEW] }).sign(body).slice(0, -1)],
    ['no mac', () => 'new:'],
    ['an unknown key and no mac', () => 'x:'],
    ['an empty seal', () => ''],
    ['no seal at all', () => 'nonsense'],
    ['characters of several bytes', () => `new:${'é'.repeat(64)}`],
  ])('B3: calls a message foreign with %s', (_name, seal) => {
    for (const acceptUnsigned of [false, true]) {
      expect(new EventSeal({ keys: [NEW], acceptUnsigned }).fault(body, seal())).toBe('foreign');
    }
  });

  it('B3: takes an unsigned message for the time of an upgrade alone', () => {
    expect(new EventSeal({ keys: [NEW] }).fault(body, undefined)).toBe('unsigned');
    expect(new EventSeal({ keys: [NEW], acceptUnsigned: true }).fault(body, undefined)).toBeUndefined();
  });
});
