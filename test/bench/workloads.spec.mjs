import { describe, expect, it } from 'vitest';
import { BareTarget, SKUS } from './targets.mjs';
import { WORKLOADS, isHot, prepare } from './workloads.mjs';

/** @typedef {import('./workloads.mjs').Workload} Workload */

const target = new BareTarget('http://127.0.0.1:1');
const carts = ['1', '2', '3', '4'].map((id) => ({ id, headers: {} }));
const workload = (/** @type {string} */ name) => /** @type {Workload} */ (WORKLOADS[name]);
const requests = (/** @type {string} */ name) => prepare(workload(name), target, carts, 50).flat();

describe('prepare', () => {
  it('mixes 60 % read, 25 % add, 10 % set, 5 % remove', () => {
    const all = requests('mixed');
    const share = (/** @type {string} */ method) => all.filter((each) => each.method === method).length / all.length;
    expect(share('GET')).toBeCloseTo(0.6, 1);
    expect(share('POST')).toBeCloseTo(0.25, 1);
    expect(share('PATCH')).toBeCloseTo(0.1, 1);
    expect(share('DELETE')).toBeCloseTo(0.05, 1);
  });

  it('never sets what it may have removed', () => {
    const skus = (/** @type {string} */ method) =>
      new Set(
        requests('mixed')
          .filter((each) => each.method === method)
          .map(({ path }) => path.split('/').at(-1)),
      );
    const removed = skus('DELETE');
    expect(removed.size).toBe(5);
    expect([...skus('PATCH')].filter((skuId) => removed.has(skuId))).toEqual([]);
  });

  it('asks every target and every round for the same', () => {
    expect(requests('add')).toEqual(requests('add'));
  });

  it('gives each connection requests of its own', () => {
    const [first, second] = prepare(workload('add'), target, carts, 2);
    expect(first).not.toEqual(second);
  });

  it('spreads the adds over all carts and SKUs, and those to a hot cart over none', () => {
    const kinds = (/** @type {string} */ name) =>
      new Set(requests(name).map(({ path, body }) => `${path} ${body}`)).size;
    expect(kinds('add')).toBe(carts.length * SKUS.length);
    expect(kinds('hot')).toBe(1);
    expect(Object.keys(WORKLOADS).filter((name) => isHot(workload(name)))).toEqual(['hot']);
  });
});
