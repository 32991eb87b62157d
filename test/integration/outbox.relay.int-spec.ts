import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { CartChanged, CartStore } from '@app/cart';
import { Metrics } from '@app/common';
import { Database } from '@app/database';
import { keys, RedisConnection } from '@app/redis';
import { EventPublisher, PayloadTooLargeError, TransportStatus } from '@app/rocketmq';
import { DeadLetterTable, Epochs, OutboxRelay, OutboxStore, SyncMetrics } from '@app/sync';
import { createDataSource } from '../../ormconfig.js';
import { eventually } from '../support/eventually.js';
import { newSku, toAdd } from '../support/factories.js';
import { freshUserId, services, testEnv } from '../support/services.js';

/** Stands where the broker stands, so that a test decides when it refuses and when its answer is lost. */
class BrokerStandIn extends EventPublisher {
  override readonly status: TransportStatus = { state: 'connected', since: new Date() };
  readonly stored: CartChanged[] = [];
  readonly messages: number[] = [];
  mode: 'works' | 'refuses' | 'stores-and-fails' = 'works';
  /** Most events of one message. */
  capacity = Infinity;

  override async publish(_pattern: string, events: readonly unknown[]): Promise<void> {
    if (this.mode === 'refuses') throw new Error('the broker is away');
    if (events.length > this.capacity) throw new PayloadTooLargeError(events.length, this.capacity);
    this.stored.push(...(events as CartChanged[]));
    this.messages.push(events.length);
    if (this.mode === 'stores-and-fails') throw new Error('the answer is lost');
  }
}

/** Takes a message and never says what became of it. */
class SilentBroker extends EventPublisher {
  override readonly status: TransportStatus = { state: 'connected', since: new Date() };
  asked = 0;

  override publish(): Promise<void> {
    this.asked += 1;
    return new Promise(() => undefined);
  }
}

// A database of its own in Redis: no service relays from it.
const url = `${services().redisUrl}/2`;
const env = testEnv({ REDIS_URL: url, INSTANCE_ID: 'relay-under-test', SILENT_AFTER_MS: '3000' });
const redis = new RedisConnection({ url });
const database = new Database(createDataSource(services().databaseUrl));
const store = new CartStore(redis, env);
let broker: BrokerStandIn;
let metrics: Metrics;
const running: { relay: OutboxRelay; outbox: OutboxStore }[] = [];

beforeAll(() => redis.connect());
beforeEach(async () => {
  broker = new BrokerStandIn();
  metrics = new Metrics();
  await redis.command(['DEL', keys.outbox]);
});
afterEach(async () => {
  for (const { relay, outbox } of running.splice(0)) {
    await relay.beforeApplicationShutdown();
    await outbox.onApplicationShutdown();
  }
});
afterAll(async () => {
  await redis.close();
  await database.onApplicationShutdown();
});

function startRelay(publisher: EventPublisher = broker, instance = 'relay-under-test'): void {
  const outbox = new OutboxStore(redis, { ...env, INSTANCE_ID: instance });
  const own = publisher === broker ? metrics : new Metrics();
  const [deadLetters, epochs] = [new DeadLetterTable(database), new Epochs(redis)];
  const relay = new OutboxRelay(outbox, publisher, deadLetters, epochs, new SyncMetrics(own, outbox));
  running.push({ relay, outbox });
  relay.onApplicationBootstrap();
}

/** A cart that changes `count` times; returns the versions in order. */
async function changes(count: number): Promise<string[]> {
  const owner = { kind: 'user', id: freshUserId() } as const;
  await store.beginLoad(owner, 'token');
  await store.restore(owner, { token: 'token', maxVersion: '0', items: [] });
  const versions: string[] = [];
  for (let i = 0; i < count; i++) {
    const result = await store.add(owner, toAdd(env, newSku()), {});
    if (result.code === 'OK') versions.push(result.cart.version);
  }
  return versions;
}

const depth = () => redis.command<number>(['XLEN', keys.outbox]);
const drained = () => eventually(async () => expect(await depth()).toBe(0));
const published = () => broker.stored.map((event) => event.version);

describe(OutboxRelay.name, () => {
  it('publishes changes in their order, many in one message, and empties the outbox', async () => {
    const versions = await changes(90);
    startRelay();
    await drained();
    expect(published()).toEqual(versions);
    expect(broker.messages.length).toBeLessThan(10);
    const later = await changes(1);
    await drained();
    expect(published()).toEqual([...versions, ...later]);
  });

  it('keeps what the broker does not take, and publishes it when it does', async () => {
    broker.mode = 'refuses';
    startRelay();
    const versions = await changes(5);
    await eventually(async () => expect((await pending()).length).toBeGreaterThan(0));
    expect(await depth()).toBe(5);
    broker.mode = 'works';
    await drained();
    expect(published()).toEqual(versions);
  });

  it('repeats what the broker may have taken: a repeat is harmless, a loss is not', async () => {
    broker.mode = 'stores-and-fails';
    startRelay();
    const versions = await changes(3);
    await eventually(() => expect(broker.stored.length).toBeGreaterThanOrEqual(6));
    broker.mode = 'works';
    await drained();
    expect(new Set(published())).toEqual(new Set(versions));
  });

  it('takes up its own entries of the process before it', async () => {
    const outbox = new OutboxStore(redis, env);
    await outbox.createGroup();
    const versions = await changes(4);
    expect(await eventually(() => outbox.readNew())).toHaveLength(4);
    await outbox.onApplicationShutdown();
    startRelay();
    await drained();
    expect(published()).toEqual(versions);
  });

  it('takes over what a silent instance has left, and nothing of one that lives', async () => {
    // Its broker has not answered yet: it lives, and holds its entries for longer than a dead one may.
    const slow = new SilentBroker();
    startRelay(slow, 'slow');
    await changes(1);
    await eventually(() => expect(slow.asked).toBe(1));
    const dead = new OutboxStore(redis, { ...env, INSTANCE_ID: 'dead' });
    const versions = await changes(4);
    await eventually(async () => expect(await dead.readNew()).toHaveLength(4));
    await dead.onApplicationShutdown();
    startRelay();
    await eventually(() => expect(published()).toEqual(versions));
    expect((await pending()).map(([, consumer]) => consumer)).toEqual(['slow']);
  });

  it('makes its group again from the first entry when Redis has lost it', async () => {
    startRelay();
    await eventually(async () => expect(await redis.command(['EXISTS', keys.outbox])).toBe(1));
    await redis.command(['XGROUP', 'DESTROY', keys.outbox, 'relay']);
    const versions = await changes(3);
    await drained();
    expect(new Set(published())).toEqual(new Set(versions));
  });

  it('finds entries that are neither pending nor new', async () => {
    const versions = await changes(700);
    // A group that starts behind them: nobody would ever read these.
    await redis.command(['XGROUP', 'CREATE', keys.outbox, 'relay', '$']);
    startRelay();
    await drained();
    expect(published()).toEqual(versions);
  });

  it('sends one by one what is too much for one message, and sets aside what is too much alone', async () => {
    const versions = await changes(5);
    broker.capacity = 1;
    startRelay();
    await drained();
    expect(published()).toEqual(versions);
    broker.capacity = 0;
    await changes(2);
    await drained();
    expect(published()).toEqual(versions);
    expect(await metricsOf('cart_dead_letters_total')).toBe(2);
  });

  it('sets an entry aside that nobody can read, with its reason, and goes on', async () => {
    const [first] = await changes(1);
    const id = await redis.command<string>(['XADD', keys.outbox, '*', 'what', 'is this']);
    const item = '1 0 0 1 1 5 1 1 1 1 {"name":"","image":"","spec":"","shopId":"1","skuCode":"a"}';
    const untimely = ['o', 'user:1', 'v', '1', 't', 'no-time', 'a', 'add', 's', 'user', 'r', item];
    await redis.command(['XADD', keys.outbox, '*', ...untimely]);
    const [last] = await changes(1);
    startRelay();
    await drained();
    expect(published()).toEqual([first, last]);
    expect(await metricsOf('cart_dead_letters_total')).toBe(2);
    const letters = await database.query('SELECT reason FROM dead_letter WHERE message_id = ?', [id]);
    expect(letters).toEqual([{ reason: 'not an outbox entry' }]);
  });
});

async function metricsOf(name: string): Promise<number> {
  const text = await metrics.registry.getSingleMetricAsString(name);
  return Number(/ (\d+)$/m.exec(text)?.[1]);
}

async function pending(): Promise<[id: string, consumer: string][]> {
  return redis
    .command<[id: string, consumer: string][]>(['XPENDING', keys.outbox, 'relay', '-', '+', '100'])
    .catch(() => []);
}

describe('B15', () => {
  it('B15: takes consumers that are silent and have nothing pending out of the group, and no others', async () => {
    const outbox = new OutboxStore(redis, { ...env, INSTANCE_ID: 'alive', SILENT_AFTER_MS: 100 });
    onTestFinished(() => outbox.onApplicationShutdown());
    await outbox.createGroup();
    await store.add({ kind: 'user', id: freshUserId() }, toAdd(env, newSku()), {});
    await redis.command(['XADD', keys.outbox, '*', 'o', 'x']);
    await redis.command([
      'XREADGROUP',
      'GROUP',
      'relay',
      'dead-with-pending',
      'COUNT',
      '1',
      'STREAMS',
      keys.outbox,
      '>',
    ]);
    await redis.command(['XGROUP', 'CREATECONSUMER', keys.outbox, 'relay', 'dead']);
    const names = async () => {
      const infos = await redis.command<unknown[][]>(['XINFO', 'CONSUMERS', keys.outbox, 'relay']);
      return infos.map((info) => info[info.indexOf('name') + 1]).sort();
    };
    await outbox.claimOrphans();
    expect(await names()).toEqual(['alive', 'dead', 'dead-with-pending']);
    // What the dead one left is taken over first; it goes at a later look.
    await eventually(async () => {
      await outbox.claimOrphans(200);
      expect(await names()).toEqual(['alive']);
    });
    expect(await outbox.readOwn()).toHaveLength(1);
  });
});
