import { setTimeout as sleep } from 'node:timers/promises';
import { EMPTY, defer, of } from 'rxjs';
import { concatMap, delay } from 'rxjs/operators';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type EventClient,
  type EventServer,
  MAX_BODY_BYTES,
  PayloadTooLargeError,
  type PoisonHook,
  type RocketmqContext,
  TransportClosedError,
} from '@app/rocketmq';
import { startEventApp, type Handler } from './event-app.js';
import { eventually as retry } from './eventually.js';

export interface TransportUnderTest {
  server: EventServer;
  client: EventClient;
  /** Puts bytes on the topic that the client would never send. Need not wait until they are handled. */
  sendRaw: (body: Buffer) => Promise<void>;
}

/** Each call makes a transport on a topic and group of its own. */
export type MakeTransport = (options: { onPoison?: PoisonHook }) => Promise<TransportUnderTest>;

/** A broker takes three seconds to bring a message back, and longer on a busy machine. */
const eventually = <T>(check: () => T | Promise<T>) => retry(check, { timeoutMs: 45_000 });

/** What every transport must do; the broker's and its in-process twin run the same tests. */
export function transportSuite(name: string, makeTransport: MakeTransport): void {
  describe(`transport: ${name}`, { timeout: 60_000 }, () => {
    const closing: (() => Promise<unknown>)[] = [];

    async function start(
      handlers: readonly (readonly [string, Handler])[],
      options: { onPoison?: PoisonHook } = {},
    ): Promise<TransportUnderTest> {
      const transport = await makeTransport(options);
      const app = await startEventApp(transport.server, handlers);
      closing.push(
        () => app.close(),
        () => transport.client.close(),
      );
      return transport;
    }

    /** For emits whose end is not the point of the test: in process they end with the test. */
    function emitAside(client: EventClient, pattern: string, ...events: unknown[]): void {
      client.emitMany(pattern, events).catch((error: unknown) => {
        if (!(error instanceof TransportClosedError)) throw error;
      });
    }

    afterEach(async () => {
      await Promise.all(closing.splice(0).map((close) => close()));
    });

    it('delivers an event with what is known about its message', async () => {
      const got: { data: unknown; context: RocketmqContext }[] = [];
      const { client } = await start([['made', (data, context) => got.push({ data, context })]]);
      const before = Date.now();
      await client.emitMany('made', [{ n: 1 }], { keys: ['k1', 'k2'] });
      await eventually(() => expect(got).toHaveLength(1));
      const [{ data, context }] = got as [(typeof got)[0]];
      expect(data).toEqual([{ n: 1 }]);
      expect(context.getTag()).toBe('made');
      expect(context.getKeys()).toEqual(['k1', 'k2']);
      expect(context.getDeliveryAttempt()).toBe(1);
      expect(context.getMessageId()).not.toBe('');
      expect(context.getTopic()).not.toBe('');
      expect(context.getBornTime()?.getTime()).toBeGreaterThanOrEqual(before - 1);
    });

    it('carries a plain emit of Nest, with the metadata of its dispatch hook', async () => {
      const got: { data: unknown; metadata: unknown }[] = [];
      const { client } = await start([['one', (data, context) => got.push({ data, metadata: context.getMetadata() })]]);
      client.setOnDispatchHook((packet) => (packet.metadata = { trace: 'abc' }));
      client.emit('one', { n: 1 });
      await eventually(() => expect(got).toEqual([{ data: { n: 1 }, metadata: { trace: 'abc' } }]));
    });

    it('keeps the events of one message together and in order', async () => {
      const got: unknown[] = [];
      const { client } = await start([['many', (data) => got.push(data)]]);
      const events = Array.from({ length: 500 }, (_, n) => ({ n }));
      await client.emitMany('many', events);
      await eventually(() => expect(got).toEqual([events]));
    });

    it('sends nothing for no events', async () => {
      const got: unknown[] = [];
      const { client } = await start([['any', (data) => got.push(data)]]);
      await client.emitMany('any', []);
      await client.emitMany('any', ['after']);
      await eventually(() => expect(got).toEqual([['after']]));
    });

    it('shares nothing between sender and handler', async () => {
      const event = { n: 1, at: new Date(0) };
      const got: unknown[] = [];
      const { client } = await start([['copy', (data) => got.push(data)]]);
      const sent = client.emitMany('copy', [event]);
      event.n = 2;
      await sent;
      await eventually(() => expect(got).toEqual([[{ n: 1, at: '1970-01-01T00:00:00.000Z' }]]));
    });

    it('carries every character', async () => {
      const text = 'żółć 购物车 🛒 \u0000 \u2028 "quoted" \\ \ud83d';
      const got: unknown[] = [];
      const { client } = await start([['购物车.changed', (data) => got.push(data)]]);
      await client.emitMany('购物车.changed', [text]);
      await eventually(() => expect(got).toEqual([[text]]));
    });

    it('delivers again what failed once, and lets its neighbours through', async () => {
      const attempts: number[] = [];
      const others: unknown[] = [];
      const { client } = await start([
        [
          'flaky',
          (_data, context) => {
            attempts.push(context.getDeliveryAttempt());
            if (attempts.length === 1) throw new Error('not yet');
          },
        ],
        ['steady', (data, context) => others.push([data, context.getDeliveryAttempt()])],
      ]);
      emitAside(client, 'steady', 1);
      emitAside(client, 'flaky', 2);
      emitAside(client, 'steady', 3);
      await eventually(() => expect(attempts).toEqual([1, 2]));
      await eventually(() =>
        expect(others.sort()).toEqual(
          [
            [[1], 1],
            [[3], 1],
          ].sort(),
        ),
      );
    });

    it('never acknowledges what always fails, and lets the others flow', async () => {
      const attempts: number[] = [];
      const others = new Set<number>();
      const { client } = await start([
        [
          'broken',
          async (_data, context) => {
            attempts.push(context.getDeliveryAttempt());
            throw new Error('never');
          },
        ],
        ['fine', ([n]: number[]) => others.add(n as number)],
      ]);
      emitAside(client, 'broken', 0);
      for (let n = 1; n <= 40; n += 1) emitAside(client, 'fine', n);
      await eventually(() => expect(others.size).toBe(40));
      await eventually(() => expect(attempts.slice(0, 3)).toEqual([1, 2, 3]));
    });

    it('holds a message as its handler wishes: nothing more is received, and no attempt is spent', async () => {
      let comeBack = () => undefined as void;
      const isBack = new Promise<void>((resolve) => (comeBack = resolve));
      let isAway = true;
      const seen: string[] = [];
      const { client } = await start([
        [
          'held',
          ([name]: string[], context) => {
            seen.push(`${name} ${context.getDeliveryAttempt()}`);
            if (!isAway) return;
            context.holdUntil(isBack);
            throw new Error('what is behind it is away');
          },
        ],
      ]);
      emitAside(client, 'held', 'a');
      await eventually(() => expect(seen).toEqual(['a 1']));
      emitAside(client, 'held', 'b');
      // Longer than a failed message would take to come again.
      await sleep(4_000);
      expect(seen).toEqual(['a 1']);
      isAway = false;
      comeBack();
      await eventually(() => expect(seen).toEqual(['a 1', 'a 1', 'b 1']));
    });

    it('gives a held message back when it closes', async () => {
      let begun = 0;
      const { client, server } = await start([
        [
          'held',
          (_data, context) => {
            begun += 1;
            context.holdUntil(new Promise(() => undefined));
            throw new Error('what is behind it is away');
          },
        ],
      ]);
      emitAside(client, 'held', 1);
      await eventually(() => expect(begun).toBe(1));
      const startedAt = performance.now();
      await server.close();
      expect(performance.now() - startedAt).toBeLessThan(15_000);
      expect(begun).toBe(1);
    });

    it('waits for an async handler, and then does not deliver again', async () => {
      let finish = () => undefined as void;
      const finished = new Promise<void>((resolve) => (finish = resolve));
      const seen: string[] = [];
      const { client } = await start([
        [
          'slow',
          async (data) => {
            seen.push(`begin ${String(data)}`);
            await finished;
            seen.push(`end ${String(data)}`);
          },
        ],
      ]);
      emitAside(client, 'slow', 'a');
      await eventually(() => expect(seen).toEqual(['begin a']));
      emitAside(client, 'slow', 'b');
      finish();
      await eventually(() => expect(seen).toEqual(['begin a', 'end a', 'begin b', 'end b']));
    });

    it('waits for the end of an observable, and takes its error as a failure', async () => {
      const seen: string[] = [];
      const { client } = await start([
        [
          'stream',
          (_data, context) => {
            const last = defer(() => {
              seen.push(`last of ${context.getDeliveryAttempt()}`);
              if (context.getDeliveryAttempt() === 1) throw new Error('late');
              return EMPTY;
            });
            return of('first', last).pipe(
              delay(5),
              concatMap((value) => (typeof value === 'string' ? of(value) : value)),
            );
          },
        ],
      ]);
      emitAside(client, 'stream', 1);
      await eventually(() => expect(seen).toEqual(['last of 1', 'last of 2']));
    });

    it('runs two handlers of one pattern, each to its end, and both again when one fails', async () => {
      const seen: string[] = [];
      const { client } = await start([
        // Ends at once and without a value: joined the way Nest does it, that would be the end of both.
        ['both', (_data, context) => defer(() => (seen.push(`empty ${context.getDeliveryAttempt()}`), EMPTY))],
        [
          'both',
          async (_data, context) => {
            await new Promise((resolve) => setImmediate(resolve));
            seen.push(`async ${context.getDeliveryAttempt()}`);
            if (context.getDeliveryAttempt() === 1) throw new Error('once');
          },
        ],
      ]);
      emitAside(client, 'both', 1);
      await eventually(() => expect(seen).toEqual(['empty 1', 'async 1', 'empty 2', 'async 2']));
    });

    it('hands poison to the hook with its bytes and the reason, once', async () => {
      const poison: [string, string][] = [];
      const got: unknown[] = [];
      const onPoison: PoisonHook = async (message, reason) => {
        poison.push([message.body.toString('latin1'), reason]);
      };
      const { client, sendRaw } = await start([['known', (data) => got.push(data)]], { onPoison });
      const bodies = ['no json', '"text"', 'null', '[]', '{"pattern":"known"}', '{"pattern":1,"data":1}', '\xff\xfe'];
      const unheard = '{"pattern":"unknown","data":[]}';
      for (const body of [...bodies, unheard, '{"pattern":"known","data":1,"metadata":{"a":1}}']) {
        await sendRaw(Buffer.from(body, 'latin1'));
      }
      await client.emitMany('known', ['after']);
      await eventually(() => expect(got).toEqual([['after']]));
      await eventually(() => expect(poison).toHaveLength(9));
      const reasons = Object.fromEntries(poison);
      expect(reasons['no json']).toBe('not-json');
      expect(reasons['\xff\xfe']).toBe('not-json');
      expect(reasons[unheard]).toBe('no-handler');
      expect(Object.values(reasons).filter((reason) => reason === 'not-a-packet')).toHaveLength(6);
    });

    it('keeps poison that the hook could not take', async () => {
      const attempts: number[] = [];
      const onPoison: PoisonHook = async (message) => {
        attempts.push(message.deliveryAttempt);
        if (attempts.length === 1) throw new Error('the store for poison is down');
      };
      const { sendRaw } = await start([], { onPoison });
      await sendRaw(Buffer.from('no json'));
      await eventually(() => expect(attempts).toEqual([1, 2]));
    });

    it('keeps poison when there is no hook', async () => {
      const got: unknown[] = [];
      const { client, server, sendRaw } = await start([['known', (data) => got.push(data)]]);
      await sendRaw(Buffer.from('{"pattern":"late","data":[1]}'));
      await client.emitMany('known', [1]);
      await eventually(() => expect(got).toHaveLength(1));
      server.addHandler('late', async (data: unknown) => void got.push(data), true);
      await eventually(() => expect(got).toEqual([[1], [1]]));
    });

    it('refuses a message that is too large, before it is sent, and takes the largest that is not', async () => {
      const got: string[] = [];
      const { client } = await start([['big', ([text]: string[]) => got.push(text as string)]]);
      const room = MAX_BODY_BYTES - Buffer.byteLength(JSON.stringify({ pattern: 'big', data: [''] }));
      const refused = client.emitMany('big', ['x'.repeat(room + 1)]);
      await expect(refused).rejects.toThrow(PayloadTooLargeError);
      await expect(refused).rejects.toMatchObject({ bytes: MAX_BODY_BYTES + 1, limit: MAX_BODY_BYTES });
      await client.emitMany('big', ['y'.repeat(room)]);
      await eventually(() => expect(got.map((text) => text.length)).toEqual([room]));
      expect(client.health.state).toBe('connected');
    });

    it('refuses a pattern that no subscription could name', async () => {
      const { client } = await start([]);
      await expect(client.emitMany('a|b', [1])).rejects.toThrow(/cannot be a message tag/);
    });

    it('has no request-reply', async () => {
      const { client } = await start([]);
      const answered = new Promise((resolve, reject) =>
        client.send('ask', 1).subscribe({ next: resolve, error: reject }),
      );
      await expect(answered).rejects.toThrow(/request-reply is not supported/);
    });

    it('closes in bounded time while a handler hangs', async () => {
      let begun = 0;
      const { client, server } = await start([['hang', () => ((begun += 1), new Promise(() => undefined))]]);
      emitAside(client, 'hang', 1);
      await eventually(() => expect(begun).toBe(1));
      const startedAt = Date.now();
      await server.close();
      expect(Date.now() - startedAt).toBeLessThan(15_000);
      expect(server.health.state).toBe('down');
    });

    it('lets the handler that is running finish before it closes', async () => {
      const seen: string[] = [];
      let finish = () => undefined as void;
      const finished = new Promise<void>((resolve) => (finish = resolve));
      const { client, server } = await start([
        ['last', () => (seen.push('begin'), finished.then(() => seen.push('end')))],
      ]);
      emitAside(client, 'last', 1);
      await eventually(() => expect(seen).toEqual(['begin']));
      const closed = server.close();
      finish();
      await closed;
      expect(seen).toEqual(['begin', 'end']);
    });

    it('refuses to send after close, and says so in its health', async () => {
      const { client } = await start([['x', () => undefined]]);
      await client.emitMany('x', [1]);
      expect(client.health.state).toBe('connected');
      await client.close();
      await expect(client.emitMany('x', [2])).rejects.toThrow(TransportClosedError);
      expect(client.health).toMatchObject({ state: 'down', lastError: 'closed' });
    });
  });
}
