import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Admin } from './admin.mjs';
import { Client } from './client.mjs';

const DEFAULTS = { maxSkus: 120, maxQuantityPerSku: 99 };

/** The routes of an operator, as the contract has them. */
class FakeDesk {
  /** @type {any} */
  raised;
  status = 200;

  server = createServer((request, response) => {
    let text = '';
    request
      .on('data', (chunk) => (text += chunk))
      .on('end', () => {
        if (request.method === 'PUT') this.raised = JSON.parse(text);
        if (request.method === 'DELETE') this.raised = undefined;
        const limits = { until: null, ...DEFAULTS, ...this.raised, overridden: this.raised !== undefined };
        response
          .writeHead(this.status, { 'content-type': 'application/json' })
          .end(JSON.stringify({ token: 't', ...limits }));
      });
  });
}

/** @type {FakeDesk} */
let desk;
/** @type {Admin} */
let admin;
/** @type {string[]} */
let said;
const say = (/** @type {string} */ line) => void said.push(line);
beforeEach(async () => {
  desk = new FakeDesk();
  said = [];
  await new Promise((resolve) => desk.server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (desk.server.address());
  admin = await Admin.login(new Client({ url: () => `http://127.0.0.1:${port}` }));
});
afterEach(() => {
  desk.server.closeAllConnections();
  desk.server.close();
});

const WANTED = { maxSkus: 1_000, maxQuantity: 5_000 };

describe('withLimits', () => {
  it('raises limits that do not fit, for a time only, says so, and puts the defaults back', async () => {
    await admin.withLimits(
      WANTED,
      async (limits) => {
        expect(limits).toEqual(WANTED);
        expect(desk.raised).toMatchObject({ maxSkus: 1_000, maxQuantityPerSku: 5_000 });
        expect(Date.parse(desk.raised.until)).toBeGreaterThan(Date.now());
      },
      say,
    );
    expect(desk.raised).toBeUndefined();
    expect(said[0]).toMatch(/do not fit the invoices: 120 SKUs, 99 of each; raised to 1000 and 5000/);
  });

  it("puts an operator's own limits back, also after a failure", async () => {
    const own = { maxSkus: 2_000, maxQuantityPerSku: 200 };
    desk.raised = own;
    const work = admin.withLimits(
      WANTED,
      async (limits) => {
        expect(limits).toEqual({ maxSkus: 2_000, maxQuantity: 5_000 });
        throw new Error('gone');
      },
      say,
    );
    await expect(work).rejects.toThrow('gone');
    expect(desk.raised).toEqual(own);
  });

  it('leaves limits alone that fit', async () => {
    desk.raised = { maxSkus: 1_000, maxQuantityPerSku: 9_999 };
    const limits = await admin.withLimits(WANTED, async (found) => found, say);
    expect(limits).toEqual({ maxSkus: 1_000, maxQuantity: 9_999 });
    expect(said).toEqual([]);
  });

  it('does not begin when the limits cannot be read', async () => {
    desk.status = 403;
    await expect(admin.withLimits(WANTED, async () => undefined, say)).rejects.toThrow(/limits was answered 403/);
  });
});
