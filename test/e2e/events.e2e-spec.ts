import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Api, Shopper } from '../support/api.js';
import { AppProcess } from '../support/app-process.js';
import { eventually } from '../support/eventually.js';

let app: AppProcess;
let other: AppProcess;
let api: Api;

beforeAll(async () => {
  [app, other] = await Promise.all([AppProcess.start(), AppProcess.start()]);
  api = new Api(app.url);
});
afterAll(() => Promise.all([app.stop(), other.stop()]));

interface Told {
  id: string;
  data: { version: string; badge: { quantity: number } };
}

/** Reads a shopper's stream as a page would, with fetch. */
async function listen(url: string, shopper: Shopper, headers: Record<string, string> = {}) {
  const stop = new AbortController();
  const answer = await fetch(`${url}/v1/cart/events`, {
    headers: { ...shopper.headers, ...headers },
    signal: stop.signal,
  });
  const events: Told[] = [];
  const ended = (async () => {
    let text = '';
    for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
      const blocks = (text + chunk).split('\n\n');
      text = blocks.pop()!;
      for (const block of blocks) {
        const fields = new Map(block.split('\n').map((line) => line.split(/: (.*)/s, 2) as [string, string]));
        if (fields.get('event') !== 'cart') continue;
        events.push({ id: fields.get('id')!, data: JSON.parse(fields.get('data')!) as Told['data'] });
      }
    }
  })().catch(() => undefined);
  return { answer, events, ended, close: () => stop.abort() };
}

describe('the stream of a cart', () => {
  it.each([
    ['a user', () => api.login()],
    ['a guest', () => api.guest()],
  ])('of %s tells the state at once and each change, whichever process made it', async (_name, who) => {
    const shopper = await who();
    const [sku] = await api.skus({});
    const stream = await listen(app.url, shopper);
    expect(stream.answer.status).toBe(200);
    expect(stream.answer.headers.get('content-type')).toBe('text/event-stream');
    expect(stream.answer.headers.get('cache-control')).toBe('private, no-store');
    await eventually(() => expect(stream.events).toHaveLength(1));
    expect(stream.events[0]!.data).toMatchObject({ version: '0', badge: { quantity: 0 } });

    const added = await shopper.add(sku!, 2);
    await eventually(() => expect(stream.events.at(-1)).toMatchObject({ id: added.body.version }));
    const elsewhere = await shopper.at(new Api(other.url)).add(sku!, 3);
    await eventually(() => expect(stream.events.at(-1)).toMatchObject({ id: elsewhere.body.version }));
    expect(stream.events.at(-1)!.data).toEqual({ version: elsewhere.body.version, badge: elsewhere.body.badge });
    expect(stream.events.map(({ data }) => data.badge.quantity)).toEqual([0, 2, 5]);
    stream.close();
  });

  it('tells nobody of somebody else, and what is known already is not told again', async () => {
    const [mine, theirs] = [await api.login(), await api.login()];
    const [sku] = await api.skus({});
    const { body } = await mine.add(sku!);
    const stream = await listen(app.url, mine, { 'last-event-id': body.version });
    await theirs.add(sku!);
    await mine.add(sku!);
    await eventually(() => expect(stream.events.length).toBeGreaterThan(0));
    expect(stream.events).toMatchObject([{ data: { badge: { quantity: 2 } } }]);
    stream.close();
  });

  it('of a guest tells that the cart was merged, after which it is empty', async () => {
    const guest = await api.guest();
    const [sku] = await api.skus({});
    const { body } = await guest.add(sku!);
    const stream = await listen(app.url, guest, { 'last-event-id': body.version });
    await (await api.login()).post('/v1/cart/merge', { clientCartId: guest.id });
    await eventually(() => expect(stream.events).toHaveLength(1));
    expect(stream.events[0]!.data).toEqual({
      version: (await guest.cart()).version,
      badge: { skus: 0, quantity: 0, selectedSkus: 0, selectedQuantity: 0 },
    });
    stream.close();
  });

  it('has headers that can be asked for alone, which opens none', async () => {
    const user = await api.login();
    for (let i = 0; i < 21; i++) {
      const head = await fetch(`${app.url}/v1/cart/events`, { method: 'HEAD', headers: user.headers });
      expect(head.status).toBe(200);
      expect(head.headers.get('content-type')).toBe('text/event-stream');
    }
    const nobody = await fetch(`${app.url}/v1/cart/events`, { method: 'HEAD' });
    expect(nobody.status).toBe(401);
  });

  it('is nobody’s without a token, and refuses an id that is no version', async () => {
    expect((await api.call('GET', '/v1/cart/events')).status).toBe(401);
    const user = await api.login();
    expect(await user.get('/v1/cart/events', { 'last-event-id': 'x' })).toMatchObject({
      status: 400,
      body: { code: 'VALIDATION_FAILED' },
    });
  });

  it('is one of at most twenty of one shopper in a process; a closed one makes room', async () => {
    const user = await api.login();
    const streams = await Promise.all(Array.from({ length: 20 }, () => listen(app.url, user)));
    expect((await user.get('/v1/cart/events')).status).toBe(429);
    streams[0]!.close();
    await eventually(async () => {
      const again = await listen(app.url, user);
      again.close();
      expect(again.answer.status).toBe(200);
    });
    for (const stream of streams) stream.close();
  });

  it('ends when the service stops, which it does not hold up', async () => {
    const stopping = await AppProcess.start();
    const user = await api.login();
    const stream = await listen(stopping.url, user.at(new Api(stopping.url)));
    expect(await stopping.stop()).toBe(0);
    await stream.ended;
  });
});
