import { describe, expect, it } from 'vitest';
import { PriceBoard } from './price-board.mjs';

describe('PriceBoard', () => {
  it('changes a price only when it differs, before the add that needs it', async () => {
    /** @type {string[]} */
    const happened = [];
    const board = new PriceBoard(
      new Map([['1', 255]]),
      async (sku, price) => void happened.push(`${sku} costs ${price}`),
    );
    await board.at('1', 255, async () => void happened.push('add'));
    await board.at('1', 300, async () => void happened.push('add'));
    await board.at('1', 300, async () => void happened.push('add'));
    expect(happened).toEqual(['add', '1 costs 3.00', 'add', 'add']);
    expect(board.changes).toBe(1);
  });

  it('lets no other price in between a price change and its add', async () => {
    const board = new PriceBoard(new Map([['1', 100]]), async () => new Promise((resolve) => setImmediate(resolve)));
    const seen = await Promise.all(
      [200, 100, 300, 200].map((cents) =>
        board.at('1', cents, async () => {
          const atStart = board.prices.get('1');
          await new Promise((resolve) => setImmediate(resolve));
          return [cents, atStart, board.prices.get('1')];
        }),
      ),
    );
    expect(seen).toEqual([200, 100, 300, 200].map((cents) => [cents, cents, cents]));
  });

  it('does not hold up another SKU', async () => {
    const board = new PriceBoard(
      new Map([
        ['1', 1],
        ['2', 1],
      ]),
      async () => undefined,
    );
    /** @type {(value: unknown) => void} */
    let release = () => undefined;
    const held = board.at('1', 1, () => new Promise((resolve) => (release = resolve)));
    await board.at('2', 1, async () => undefined);
    release(undefined);
    await held;
  });

  it('goes on with the next after a failure, and asks for the price again', async () => {
    let attempts = 0;
    const board = new PriceBoard(new Map(), async () => {
      attempts += 1;
      if (attempts === 1) throw new Error('refused');
    });
    await expect(board.at('1', 5, async () => 'added')).rejects.toThrow('refused');
    await expect(board.at('1', 5, async () => 'added')).resolves.toBe('added');
    expect(attempts).toBe(2);
  });
});
