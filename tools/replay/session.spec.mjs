import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Client } from './client.mjs';
import { expectCart } from './oracle.mjs';
import { Session } from './session.mjs';

const LIMITS = { maxSkus: 2, maxQuantity: 99 };
const PRICE = '2.55';
const STALE = { version: '0', stale: true, items: [] };

/** The smallest cart that answers like the service, with faults to order. */
class FakeService {
  /** @type {Map<string, number>} */
  items = new Map();
  version = 0;
  /** @type {string[]} what happens to the next adds */
  faults = [];
  /** Reads that are answered from a copy. */
  stale = 0;
  /** @type {(string | undefined)[]} `If-Match` of every add that was received */
  guards = [];

  server = createServer((request, response) => {
    let text = '';
    request
      .on('data', (chunk) => (text += chunk))
      .on('end', () => this.#answer(request, response, text && JSON.parse(text)));
  });

  async listen() {
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', () => resolve(undefined)));
    const address = /** @type {import('node:net').AddressInfo} */ (this.server.address());
    return `http://127.0.0.1:${address.port}`;
  }

  close() {
    this.server.closeAllConnections();
    this.server.close();
  }

  /** @param {import('node:http').IncomingMessage} request @param {import('node:http').ServerResponse} response @param {any} body */
  #answer(request, response, body) {
    const send = (/** @type {number} */ status, /** @type {unknown} */ json) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
    };
    if (request.url === '/v1/dev/login') return send(200, { token: 't' });
    if (request.url === '/v1/guest-carts') return send(201, { clientCartId: 'v1.k.random.mac' });
    if (request.method === 'GET') return send(200, this.stale-- > 0 ? STALE : this.cart());
    this.guards.push(request.headers['if-match']);
    const fault = this.faults.shift();
    if (fault === 'lost before') return request.socket.destroy();
    if (fault === 'unavailable') return send(503, { code: 'CART_UNAVAILABLE' });
    if (fault === 'busy') return send(409, { code: 'CART_BUSY' });
    if (fault === 'broken') return send(500, {});
    if (fault === 'one too many') body.quantity += 1;
    const [status, json] = this.#add(request.headers['if-match'], body);
    if (fault === 'lost after, then stale') this.stale = 2;
    if (fault?.startsWith('lost after')) return request.socket.destroy();
    if (fault === 'minimal') return send(201, { version: String(this.version), badge: this.cart().badge });
    if (fault === 'cut off')
      return void response.writeHead(201, { 'content-length': '9999' }).write('{"ver', () => request.socket.destroy());
    if (fault === 'late') {
      // Applied only after the answer was given up and the cart was read.
      this.items.clear();
      this.version = 0;
      this.server.once('request', () => setImmediate(() => this.#add(undefined, body)));
      return request.socket.destroy();
    }
    send(status, json);
  }

  /** @param {string | undefined} guard @param {{ skuId: string, quantity: number }} line @returns {[number, unknown]} */
  #add(guard, { skuId, quantity }) {
    if (guard !== undefined && guard !== `"${this.version}"`) return [412, { code: 'VERSION_MISMATCH' }];
    const requested = (this.items.get(skuId) ?? 0) + quantity;
    if (quantity < 1) return [400, { code: 'VALIDATION_FAILED' }];
    if (requested > 99) return [409, { code: 'QUANTITY_LIMIT', errors: [{ maximum: 99, requested }] }];
    this.items.set(skuId, requested);
    this.version += 1;
    return [201, this.cart()];
  }

  cart() {
    const items = [...this.items].map(([skuId, quantity]) => ({
      skuId,
      quantity,
      selected: true,
      addPrice: PRICE,
      price: PRICE,
    }));
    const quantity = items.reduce((sum, item) => sum + item.quantity, 0);
    const badge = { skus: items.length, quantity, selectedSkus: items.length, selectedQuantity: quantity };
    return { version: String(this.version), stale: false, badge, items };
  }
}

/** @type {FakeService} */
let service;
/** @type {Client} */
let client;
beforeEach(async () => {
  service = new FakeService();
  const url = await service.listen();
  client = new Client({ url: () => url, patienceMs: 5_000 });
});
afterEach(() => service.close());

/** Plays the quantities as adds of one SKU. @param {number[]} quantities */
async function play(quantities, kind = /** @type {'user' | 'guest'} */ ('user')) {
  const lines = quantities.map((quantity, i) => ({ number: i + 2, invoice: '1', skuId: '7', quantity, cents: 255 }));
  const tally = { adds: 0, refused: {}, unknownApplied: 0, unknownNotApplied: 0 };
  const cart = { kind, name: '42', lines };
  const session = new Session(client, cart, tally);
  await session.open();
  const { steps } = expectCart(cart, LIMITS);
  const differences = [];
  for (const [i, line] of lines.entries())
    differences.push(...(await session.add(line, /** @type {any} */ (steps[i]))));
  return { session, tally, differences };
}

describe('Session', () => {
  it('finds nothing to report when every answer is as calculated', async () => {
    const { differences, tally } = await play([2, -1, 98, 97]);
    expect(differences).toEqual([]);
    expect(tally).toMatchObject({ adds: 4, refused: { VALIDATION_FAILED: 1, QUANTITY_LIMIT: 1 } });
  });

  it('reports an answer that differs, with cart and line', async () => {
    service.faults = ['one too many'];
    const { differences } = await play([3]);
    expect(differences).toEqual([
      'user 42, line 2: quantity is 4, not 3',
      'user 42, line 2: badge.quantity is 4, not 3',
      'user 42, line 2: badge.selectedQuantity is 4, not 3',
    ]);
  });

  it('reports a refusal that must not come', async () => {
    service.faults = ['broken'];
    expect((await play([3])).differences).toEqual(['user 42, line 2: status is 500, not 201']);
  });

  it('refuses to play on a cart that holds something', async () => {
    service.items.set('8', 1);
    await expect(play([1])).rejects.toThrow(/user 42 has a cart already/);
  });

  it.each(['lost after', 'cut off'])('counts an add once whose answer was %s', async (fault) => {
    service.faults = [fault];
    const { differences, tally } = await play([2, 1]);
    expect(differences).toEqual([]);
    expect(service.items.get('7')).toBe(3);
    expect(tally).toMatchObject({ adds: 2, unknownApplied: 1, unknownNotApplied: 0 });
  });

  it.each(['lost before', 'unavailable'])('repeats an add that was %s, guarded by the version', async (fault) => {
    service.faults = [fault];
    const { differences, tally } = await play([2, 1]);
    expect(differences).toEqual([]);
    expect(service.items.get('7')).toBe(3);
    expect(service.guards).toEqual([undefined, '"0"', undefined]);
    expect(tally).toMatchObject({ unknownApplied: 0, unknownNotApplied: 1 });
  });

  it('counts an add once that arrives after the cart was read', async () => {
    service.faults = ['late'];
    const { differences, tally } = await play([2]);
    expect(differences).toEqual([]);
    expect(service.items.get('7')).toBe(2);
    expect(tally).toMatchObject({ unknownApplied: 1, unknownNotApplied: 0 });
  });

  it('learns nothing from a stale cart', async () => {
    service.faults = ['lost after, then stale'];
    const { differences, tally } = await play([2]);
    expect(differences).toEqual([]);
    expect(service.items.get('7')).toBe(2);
    expect(tally).toMatchObject({ unknownApplied: 1, unknownNotApplied: 0 });
  });

  it('reads the cart after an add that was made and could not be shown', async () => {
    service.faults = ['minimal'];
    const { differences, tally } = await play([2, 1]);
    expect(differences).toEqual([]);
    expect(service.items.get('7')).toBe(3);
    expect(tally).toMatchObject({ adds: 2, unknownApplied: 0, unknownNotApplied: 0 });
  });

  it('simply repeats an add that found the cart busy', async () => {
    service.faults = ['busy', 'busy'];
    const { differences, tally } = await play([2]);
    expect(differences).toEqual([]);
    expect(service.guards).toEqual([undefined, undefined, undefined]);
    expect(tally).toMatchObject({ unknownApplied: 0, unknownNotApplied: 0 });
  });

  it('gives up when the service does not come back', async () => {
    client.patienceMs = 200;
    service.faults = Array.from({ length: 50 }, () => 'unavailable');
    await expect(play([2])).rejects.toThrow(/gave up waiting: .* 503 CART_UNAVAILABLE/);
  });

  it('knows the keys of a user and of a guest, whose secret leaves as a hash only', async () => {
    const user = await play([]);
    expect(user.session.owner).toEqual({ kind: 'user', key: 'cart:user:42', id: '42' });
    const guest = await play([], 'guest');
    const hash = 'a441b15fe9a3cf56661190a0b93b9dec7d04127288cc87250967cf3b52894d11';
    expect(guest.session.owner).toEqual({ kind: 'guest', key: 'cart:guest:random', id: hash });
  });
});
