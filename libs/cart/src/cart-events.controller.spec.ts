import 'reflect-metadata';
import { EventEmitter } from 'node:events';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { expect, it } from 'vitest';
import { CartEventsController } from './cart-events.controller.js';
import type { CartLoader } from './cart.loader.js';
import type { CartStore } from './cart.store.js';
import type { Badge } from './live-cart.js';
import type { LiveUpdate, LiveUpdates } from './live-updates.js';

type State = { version: string; badge: Badge };

const state = (version: string): State => ({
  version,
  badge: { skus: 1, quantity: Number(version), selectedSkus: 1, selectedQuantity: Number(version) },
});

/** A client whose stream is not open yet: its cart is being read. */
function opening() {
  const reads: ((read: State) => void)[] = [];
  let tell!: (update: LiveUpdate) => void;
  const updates = {
    watch: async (_owner: unknown, listener: typeof tell) => ((tell = listener), () => undefined),
  } as unknown as LiveUpdates;
  const store = { badge: () => new Promise<State>((resolve) => reads.push(resolve)) } as unknown as CartStore;
  const controller = new CartEventsController(updates, store, {} as CartLoader);
  let sent = '';
  const raw = Object.assign(new EventEmitter(), {
    writableLength: 0,
    writeHead: () => undefined,
    write: (text: string) => (sent += text),
    end: () => raw.emit('close'),
  });
  const reply = { raw, hijack: () => undefined, getHeaders: () => ({}) } as unknown as FastifyReply;
  const user = { kind: 'user', id: '7', role: 'user' } as never;
  const opened = controller.open(user, undefined, { method: 'GET' } as FastifyRequest, reply);
  return {
    opened,
    reads,
    tell: (update: LiveUpdate) => tell(update),
    versions: () => [...sent.matchAll(/^id: (\d+)$/gm)].map(([, version]) => version),
    close: () => controller.beforeApplicationShutdown(),
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

it('a change that is told while the cart is still being read is not lost', async () => {
  const client = opening();
  await turn();
  client.tell(state('2'));
  client.tell(state('3'));
  client.reads[0]!(state('1'));
  await client.opened;
  expect(client.versions().at(-1)).toBe('3');
  client.tell(state('4'));
  expect(client.versions().at(-1)).toBe('4');
  client.close();
});

it('nor is one that is found by reading anew, and none takes the stream back', async () => {
  const client = opening();
  await turn();
  client.tell(undefined);
  client.tell(state('2'));
  client.reads[1]!(state('3'));
  await turn();
  client.tell(state('2'));
  client.reads[0]!(state('1'));
  await client.opened;
  expect(client.versions().at(-1)).toBe('3');
  client.close();
});
