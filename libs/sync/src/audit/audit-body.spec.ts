import { describe, expect, it } from 'vitest';
import { summariseBody } from './audit-body.js';

describe(summariseBody, () => {
  it('keeps a small body as it is', () => {
    expect(summariseBody({ maxSkus: 5, until: null })).toBe('{"maxSkus":5,"until":null}');
  });

  it('has nothing to say of a request without a body', () => {
    expect(summariseBody(undefined)).toBeNull();
    expect(summariseBody(null)).toBeNull();
  });

  it('shows no secret, however deep', () => {
    const body = { clientCartId: 'x', nested: [{ accessToken: 'x', PASSWORD: 'x', name: 'n' }] };
    expect(JSON.parse(summariseBody(body)!)).toEqual({
      clientCartId: '***',
      nested: [{ accessToken: '***', PASSWORD: '***', name: 'n' }],
    });
  });

  it('counts what it leaves out of a list, and cuts long texts', () => {
    const skus = Array.from({ length: 1000 }, (_, i) => ({ skuId: String(i), name: 'n'.repeat(5000) }));
    const summary = JSON.parse(summariseBody(skus)!);
    expect(summary).toHaveLength(6);
    expect(summary[0].name).toHaveLength(201);
    expect(summary[5]).toBe('… 995 more');
  });

  it('is never longer than its column likes, whatever is sent', () => {
    const wide = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`field${i}`, 'v'.repeat(300)]));
    let deep: unknown = wide;
    for (let i = 0; i < 100; i++) deep = { deep, wide };
    expect(summariseBody(wide)!.length).toBeLessThanOrEqual(4000);
    expect(summariseBody(deep)!.length).toBeLessThanOrEqual(4000);
  });
});
