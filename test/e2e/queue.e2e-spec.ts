import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CART_CHANGED, toCartChanged } from '@app/cart';
import { CartChange } from '@app/database';
import { Database } from '@app/database';
import { RocketmqClient } from '@app/rocketmq';
import { createDataSource } from '../../ormconfig.js';
import { Api } from '../support/api.js';
import { AppProcess } from '../support/app-process.js';
import { sharedBroker } from '../support/broker.js';
import { eventually } from '../support/eventually.js';
import { newItem } from '../support/factories.js';
import { EVENT_SEAL, freshUserId, services } from '../support/services.js';

const database = new Database(createDataSource(services().databaseUrl));
afterAll(() => database.onApplicationShutdown());

const deadLettersWith = (mark: string) =>
  database.query<{ reason: string }>('SELECT reason FROM dead_letter WHERE body LIKE ?', [`%${mark}%`]);

const quantityOf = async (userId: string) => {
  const [row] = await database.query<{ product_sku_num: number }>('SELECT * FROM cart WHERE user_id = ?', [userId]);
  return row?.product_sku_num;
};

describe('on the real topic', () => {
  let app: AppProcess;
  const client = new RocketmqClient({
    endpoints: services().rocketmqEndpoints,
    topic: services().topic,
    seal: EVENT_SEAL,
  });
  beforeAll(async () => {
    app = await AppProcess.start();
    await client.connect();
  });
  afterAll(async () => {
    await client.close();
    await app.stop();
  });

  const eventFor = (userId: string, quantity: number) => {
    const item = newItem({ quantity });
    const change: CartChange = {
      owner: { kind: 'user', id: userId },
      version: item.version,
      at: Date.now(),
      action: 'add',
      source: 'user',
      items: [{ ...item, before: 0, deleted: false }],
    };
    return toCartChanged(change, Date.now());
  };

  it('broken messages become dead letters with their reason, and hold up nobody', async () => {
    const mark = randomUUID();
    const [before, after] = [freshUserId(), freshUserId()];
    await client.emitMany(CART_CHANGED, [eventFor(before, 3), { mark, schema: 99 }, mark]);
    await client.emitMany('nobody.listens', [{ mark }]);
    await client.emitMany(CART_CHANGED, [eventFor(after, 4)]);
    await eventually(async () => {
      expect([await quantityOf(before), await quantityOf(after)]).toEqual([3, 4]);
      const reasons = (await deadLettersWith(mark)).map(({ reason }) => reason).sort();
      expect(reasons).toHaveLength(3);
      expect(reasons.filter((reason) => reason.includes('not a cart.changed event'))).toHaveLength(2);
      expect(reasons.filter((reason) => reason.includes('no-handler'))).toHaveLength(1);
    });
  });

  it('B3: a message that this service did not sign is a dead letter, whatever it says', async () => {
    const { rocketmqEndpoints: endpoints, topic } = services();
    const senders = {
      unsigned: new RocketmqClient({ endpoints, topic }),
      foreign: new RocketmqClient({
        endpoints,
        topic,
        seal: { keys: ['k1:a-secret-that-another-service-has-made-up'] },
      }),
    };
    const [good, forged] = [freshUserId(), freshUserId()];
    for (const [reason, sender] of Object.entries(senders)) {
      await sender.connect();
      // The oldest epoch: it would be offered to the live cart too.
      await sender.emitMany(CART_CHANGED, [{ ...eventFor(forged, 7), epoch: 0 }]);
      await eventually(async () => {
        const letters = await deadLettersWith(forged);
        expect(letters.map((letter) => letter.reason)).toContain(`the message is ${reason}`);
      });
      await sender.close();
    }
    await client.emitMany(CART_CHANGED, [eventFor(good, 3)]);
    await eventually(async () => expect(await quantityOf(good)).toBe(3));
    expect(await quantityOf(forged)).toBeUndefined();
  });

  it('stops cleanly', async () => {
    expect(await app.stop()).toBe(0);
  });
});

describe('a change', () => {
  it('goes through the broker: its own count of messages rises', async () => {
    const before = await sharedBroker().messageCount(services().topic);
    const app = await AppProcess.start();
    try {
      const api = new Api(app.url);
      const [sku] = await api.skus({});
      const user = await api.login();
      await user.add(sku!, 5);
      await eventually(async () => expect(await quantityOf(user.id)).toBe(5));
      expect(await sharedBroker().messageCount(services().topic)).toBeGreaterThan(before);
    } finally {
      await app.stop();
    }
  });

  it('reaches MySQL without a broker too, when the settings say so: the outbox is the queue then', async () => {
    // Its own database in Redis, so that no process with a broker takes the entry.
    const app = await AppProcess.start({ TRANSPORT: 'in-process', REDIS_URL: `${services().redisUrl}/3` });
    try {
      const api = new Api(app.url);
      const [sku] = await api.skus({});
      const user = await api.login();
      await user.add(sku!, 6);
      await eventually(async () => expect(await quantityOf(user.id)).toBe(6));
    } finally {
      expect(await app.stop()).toBe(0);
    }
  });
});
