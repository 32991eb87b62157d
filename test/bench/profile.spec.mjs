import { describe, expect, it } from 'vitest';
import { areaOf, costsOf } from './profile.mjs';

/** @param {string} functionName @param {string} [url] */
const frame = (functionName, url = '') => ({ functionName, url, lineNumber: 0 });

describe('areaOf', () => {
  it.each([
    [frame('(garbage collector)'), '(garbage collector)'],
    [frame('send', 'node:internal/streams/writable'), 'node:internal/streams'],
    [frame('a', 'file:///app/node_modules/fastify/lib/reply.js'), 'fastify'],
    [frame('b', 'file:///app/node_modules/@nestjs/core/node_modules/rxjs/index.js'), 'rxjs'],
    [frame('c', 'file:///app/node_modules/@nestjs/core/router.js'), '@nestjs/core'],
    [frame('d', 'file:///app/dist/libs/inventory-check/src/catalogue.js'), 'libs/inventory-check'],
    [frame('writev'), undefined],
  ])('%j → %s', (callFrame, area) => {
    expect(areaOf(callFrame)).toBe(area);
  });
});

describe('costsOf', () => {
  const profile = {
    nodes: [
      { id: 1, callFrame: frame('(root)'), children: [2, 5, 6] },
      { id: 2, callFrame: frame('outer', 'a'), children: [3] },
      { id: 3, callFrame: frame('inner', 'b'), children: [4] },
      { id: 4, callFrame: frame('outer', 'a') },
      { id: 5, callFrame: frame('(idle)') },
      { id: 6, callFrame: frame('native', 'c'), children: [7] },
      { id: 7, callFrame: frame('writev') },
    ],
    samples: [2, 3, 4, 5, 7],
    timeDeltas: [10, 20, 30, 1000, 40],
  };
  const costs = costsOf(profile, ({ functionName, url }) => (url === '' ? undefined : functionName));
  const cost = (/** @type {string} */ name) => costs.find((each) => each.name === name);

  it('leaves out the time nobody worked', () => {
    expect(costs.reduce((sum, { self }) => sum + self, 0)).toBeCloseTo(1);
  });

  it('counts a function that calls itself over others once', () => {
    expect(cost('outer')).toEqual({ name: 'outer', self: 0.4, inclusive: 0.6 });
    expect(cost('inner')).toEqual({ name: 'inner', self: 0.2, inclusive: 0.5 });
  });

  it('gives a native function to its caller', () => {
    expect(cost('native')).toEqual({ name: 'native', self: 0.4, inclusive: 0.4 });
  });

  it('begins with the most self time', () => {
    expect(costs.map(({ name }) => name)).toEqual(['outer', 'native', 'inner']);
  });
});
