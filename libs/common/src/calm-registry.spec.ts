import { Gauge } from 'prom-client';
import { expect, it, vi } from 'vitest';
import { CalmRegistry } from './calm-registry.js';

it('B6: what a metric asks elsewhere is asked once a second, one at a time', async () => {
  const registry = new CalmRegistry();
  const now = vi.spyOn(performance, 'now').mockReturnValue(1_000);
  let asked = 0;
  let ownLooks = 0;
  new Gauge({
    name: 'elsewhere',
    help: '-',
    registers: [registry],
    async collect() {
      asked += 1;
      await Promise.resolve();
      this.set(asked);
    },
  });
  new Gauge({
    name: 'at_hand',
    help: '-',
    registers: [registry],
    collect() {
      this.set(++ownLooks);
    },
  });
  const texts = await Promise.all(Array.from({ length: 60 }, () => registry.metrics()));
  expect(asked).toBe(1);
  for (const text of texts) expect(text).toContain('elsewhere 1');
  await registry.metrics();
  expect(asked).toBe(1);
  expect(ownLooks).toBe(61);
  now.mockReturnValue(2_001);
  expect(await registry.metrics()).toContain('elsewhere 2');
});
