import { describe, expect, it } from 'vitest';
import { formatSnapshot, parseSnapshot, snapshotTextOf } from './snapshots.js';

const snapshot = { name: 'Lantern', image: '/l.jpg', spec: 'red', shopId: '7', skuCode: 'L-1' };

describe('a snapshot', () => {
  it('is written with its fields in one order and nothing else of the product', () => {
    const product = { price: 250, skuCode: 'L-1', shopId: '7', spec: 'red', image: '/l.jpg', name: 'Lantern' };
    expect(formatSnapshot(product)).toBe(JSON.stringify(snapshot));
    expect(snapshotTextOf(product)).toBe(JSON.stringify(snapshot));
    expect(snapshotTextOf(product)).toBe(JSON.stringify(snapshot));
  });

  it('is parsed once for each text, and nobody can change it for the others', () => {
    const one = parseSnapshot(JSON.stringify(snapshot));
    expect(one).toEqual(snapshot);
    expect(parseSnapshot(JSON.stringify(snapshot))).toBe(one);
    expect(() => Object.assign(one!, { name: 'Lamp' })).toThrow(TypeError);
    expect(parseSnapshot(JSON.stringify({ ...snapshot, name: 'Lamp' }))?.name).toBe('Lamp');
  });

  it('is right also after more texts than are remembered', () => {
    for (let i = 0; i < 20_001; i++) {
      const text = JSON.stringify({ ...snapshot, skuCode: `L-${i}` });
      expect(parseSnapshot(text)?.skuCode).toBe(`L-${i}`);
    }
    expect(parseSnapshot(JSON.stringify(snapshot))).toEqual(snapshot);
  });

  it('has its fields in that order also when the text has them in another, and more', () => {
    const { skuCode, ...rest } = snapshot;
    const one = parseSnapshot(JSON.stringify({ skuCode, price: 250, ...rest }));
    expect(JSON.stringify(one)).toBe(JSON.stringify(snapshot));
  });

  it.each(['{', 'null', '7', '[]', '{}', JSON.stringify({ ...snapshot, shopId: 7 })])('is none in %s', (text) => {
    expect(parseSnapshot(text)).toBeUndefined();
  });
});
