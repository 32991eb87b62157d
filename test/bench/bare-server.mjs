/**
 * The least a cart on Redis can be, to compare the service with: Fastify, node-redis, one script per write that also
 * appends an event. No identity, no price, no stock, no limits, no lock, nobody who reads the events: a floor of the
 * cost, not a rival. PORT and REDIS_URL say where.
 */
import fastify from 'fastify';
import { createClient } from 'redis';

const { PORT, REDIS_URL } = process.env;
const EVENTS = 'bare:events';
/** Nobody reads the events, so the stream is kept short. */
const KEPT_EVENTS = 10_000;

const APPEND = `redis.call('XADD', KEYS[2], 'MAXLEN', '~', ${KEPT_EVENTS}, '*', 'c', KEYS[1], 's', ARGV[1], 'q', quantity)
  if ARGV[3] == 'full' then return redis.call('HGETALL', KEYS[1]) end
  return quantity`;
const SCRIPTS = {
  add: `local quantity = redis.call('HINCRBY', KEYS[1], ARGV[1], ARGV[2]) ${APPEND}`,
  set: `redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) local quantity = tonumber(ARGV[2]) ${APPEND}`,
  remove: `redis.call('HDEL', KEYS[1], ARGV[1]) local quantity = 0 ${APPEND}`,
};

const redis = createClient({ url: REDIS_URL, RESP: 2 });
redis.on('error', (error) => {
  console.error(error);
  process.exit(1);
});
await redis.connect();
const hashes = {
  add: await redis.scriptLoad(SCRIPTS.add),
  set: await redis.scriptLoad(SCRIPTS.set),
  remove: await redis.scriptLoad(SCRIPTS.remove),
};

/** @param {string} id */
const keyOf = (id) => `bare:cart:${id}`;

/**
 * @param {keyof typeof hashes} script
 * @param {{ params: { id: string }, query: { answer?: string } }} request
 * @param {string} skuId
 * @param {number} quantity
 */
async function write(script, { params, query }, skuId, quantity) {
  const keys = [keyOf(params.id), EVENTS];
  const answer = await redis.evalSha(hashes[script], {
    keys,
    arguments: [skuId, String(quantity), query.answer ?? ''],
  });
  if (!Array.isArray(answer)) return { skuId, quantity: answer };
  const items = [];
  for (let i = 0; i < answer.length; i += 2) items.push({ skuId: answer[i], quantity: Number(answer[i + 1]) });
  return { items };
}

const app = fastify({ logger: false });
app.get('/health/ready', async () => ({ status: 'ok' }));
app.get('/carts/:id', async (/** @type {any} */ { params }) => {
  const fields = await redis.hGetAll(keyOf(params.id));
  return { items: Object.entries(fields).map(([skuId, quantity]) => ({ skuId, quantity: Number(quantity) })) };
});
app.post('/carts/:id/items', (/** @type {any} */ request) =>
  write('add', request, request.body.skuId, request.body.quantity),
);
app.patch('/carts/:id/items/:skuId', (/** @type {any} */ request) =>
  write('set', request, request.params.skuId, request.body.quantity),
);
app.delete('/carts/:id/items/:skuId', (/** @type {any} */ request) =>
  write('remove', request, request.params.skuId, 0),
);
await app.listen({ port: Number(PORT), host: '127.0.0.1' });
