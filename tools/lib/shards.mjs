import { join } from 'node:path';
import { prepareDatabase } from './app.mjs';
import { Part } from './part.mjs';
import { choosePorts } from './ports.mjs';
import { redisPart } from './redis.mjs';
import { provision } from './rocketmq.mjs';

/** @typedef {import('./stack.mjs').Stack} Stack */

/**
 * What test files that run at the same time must not share: a Redis server, a database, topics and a consumer group. The
 * first shard is the stack itself; the others are made beside it, on the same MariaDB and broker.
 */
export class Shards {
  /** @type {Part[]} */
  #redis = [];
  /** Settings of each shard, as environment variables. @type {Record<string, string>[]} */
  env = [];

  /** @param {Stack} stack @param {number} count */
  constructor(stack, count) {
    this.stack = stack;
    this.count = count;
  }

  /** Starts and fills them; the stack's servers run. @param {AbortSignal} signal */
  async start(signal) {
    this.env = await Promise.all(Array.from({ length: this.count }, (_, index) => this.#shard(index + 1, signal)));
  }

  /**
   * @param {number} number from 1
   * @param {AbortSignal} signal
   * @returns {Promise<Record<string, string>>}
   */
  async #shard(number, signal) {
    const { stack } = this;
    const { REDIS_URL = '', DATABASE_URL = '' } = stack.connections;
    if (number === 1) {
      await stack.prepareDatabase(signal);
      return this.#variables(stack.topic, stack.group, stack.shopperTopic, REDIS_URL, DATABASE_URL);
    }
    const name = (/** @type {string} */ base) => `${base}-${number}`;
    const [topic, group, shopperTopic] = [name(stack.topic), name(stack.group), name(stack.shopperTopic)];
    const url = new URL(DATABASE_URL);
    url.pathname = `/cart_shard_${number}`;
    const [redis] = await Promise.all([
      this.#startRedis(number, signal),
      this.#createDatabase(DATABASE_URL, url.pathname.slice(1)),
      stack.ports && provision(stack.ports, { topics: [topic, shopperTopic], groups: [group, shopperTopic] }),
    ]);
    const variables = this.#variables(topic, group, shopperTopic, redis, url.href);
    const { root, processes } = stack;
    const env = { ...stack.env, ...stack.connections, ...variables };
    await prepareDatabase(root, { env, processes, signal, suffix: `-${number}` });
    return variables;
  }

  /**
   * @param {string} topic
   * @param {string} group
   * @param {string} shopperTopic
   * @param {string} redisUrl
   * @param {string} databaseUrl
   */
  #variables(topic, group, shopperTopic, redisUrl, databaseUrl) {
    return {
      REDIS_URL: redisUrl,
      DATABASE_URL: databaseUrl,
      ROCKETMQ_TOPIC: topic,
      ROCKETMQ_GROUP: group,
      SHOPPER_EVENTS_TOPIC: shopperTopic,
    };
  }

  /** @param {number} number @param {AbortSignal} signal @returns {Promise<string>} its URL */
  async #startRedis(number, signal) {
    const dataDir = join(this.stack.dataDir, `shard-${number}`);
    const { port } = await choosePorts(join(this.stack.dataDir, `ports-shard-${number}.json`), { port: [0] });
    const program = this.stack.programs['redis'] ?? '';
    const spec = { ...redisPart({ program, dataDir, port, durable: false }), name: `redis-${number}` };
    const say = (/** @type {string} */ text) => this.stack.progress.line(text);
    const part = new Part(spec, this.stack.processes, say, () => {});
    this.#redis.push(part);
    await part.start(signal);
    return `redis://127.0.0.1:${port}`;
  }

  /** @param {string} server @param {string} name */
  async #createDatabase(server, name) {
    // The driver is the project's own: it is there once the packages are installed.
    const { createConnection } = await import('mysql2/promise');
    const connection = await createConnection({ uri: server, connectTimeout: 5000 });
    try {
      await connection.query(`CREATE DATABASE ${name}`);
    } finally {
      connection.destroy();
    }
  }

  /** @param {number} deadline as of Date.now() */
  async stop(deadline) {
    await Promise.all(this.#redis.map((part) => part.stop(deadline)));
  }
}
