import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readJson } from '../../tools/lib/json-file.mjs';
import { Part } from '../../tools/lib/part.mjs';
import { choosePorts } from '../../tools/lib/ports.mjs';
import { redisPart } from '../../tools/lib/redis.mjs';
import { Stack } from '../../tools/lib/stack.mjs';
import { together, until } from '../../tools/lib/wait.mjs';
import { BareTarget, ServiceTarget } from './targets.mjs';

/** What an earlier run left: a benchmark begins with empty stores. */
const OLD = ['bare', 'bin', 'logs', 'mysql', 'redis', 'rocketmq', 'ports.json', 'secrets.json', 'services.json'];
/** Settings that would lead the benchmark to somebody's real servers, or that its tokens have to agree with. */
const FOREIGN =
  /^(REDIS_URL|LOCK_REDIS_URLS|DATABASE_URL|ROCKETMQ_\w+|TRANSPORT|HOST|PORT|DATA_DIR|JWT_\w+|GUEST_KEYS|EVENT_\w+|DEV_LOGIN)$/;
/** As in production; limits out of the way, for carts here grow as no shopper's does. */
const SETTINGS = {
  NODE_ENV: 'production',
  LOG_LEVEL: 'warn',
  RATE_LIMITS: 'off',
  MAX_QUANTITY_PER_SKU: '2147483647',
};
const STOP_MS = 5000;

/** The service on its private stack, and the bare server on a second Redis with the same settings. */
export class Servers {
  /** @type {Part[]} */
  #bare = [];

  /**
   * @param {{ root: string, dataDir: string, appEnv: NodeJS.ProcessEnv, progress: import('../../tools/lib/progress.mjs').Progress }} options
   */
  constructor({ root, dataDir, appEnv, progress }) {
    for (const name of OLD) rmSync(join(dataDir, name), { recursive: true, force: true });
    const kept = Object.entries(process.env).filter(([name]) => !FOREIGN.test(name));
    const env = { ...Object.fromEntries(kept), ...SETTINGS };
    this.dataDir = dataDir;
    this.appEnv = appEnv;
    this.progress = progress;
    this.stack = new Stack({ root, dataDir, jarsDir: join(root, '.data', 'rocketmq', 'lib'), env, progress });
  }

  /** @param {AbortSignal} signal @returns {Promise<[ServiceTarget, BareTarget]>} */
  async start(signal) {
    const service = await this.startService(signal);
    const { bare, bareRedis } = await choosePorts(join(this.dataDir, 'ports.json'), { bare: [0], bareRedis: [0] });
    await this.#startBare(bare, bareRedis, signal);
    return [service, new BareTarget(`http://127.0.0.1:${bare}`)];
  }

  /** The service alone. @param {AbortSignal} signal */
  async startService(signal) {
    const { stack } = this;
    await together(signal, [
      async (inner) => {
        await stack.installPackages(inner);
        await stack.build(inner);
      },
      (inner) => stack.startServers(inner),
    ]);
    await stack.prepareDatabase(signal);
    const { app } = await choosePorts(join(this.dataDir, 'ports.json'), { app: [0] });
    const url = await stack.startApp({ port: app, env: this.appEnv, signal });
    const service = new ServiceTarget(url, stack.secrets.jwtSecret);
    await service.stock();
    return service;
  }

  /** @param {number} port @param {number} redisPort @param {AbortSignal} signal */
  async #startBare(port, redisPort, signal) {
    const dataDir = join(this.dataDir, 'bare');
    const redis = redisPart({ program: this.stack.programs['redis'] ?? '', dataDir, port: redisPort });
    await this.#startPart({ ...redis, name: 'bare-redis' }, signal);
    const url = `http://127.0.0.1:${port}/health/ready`;
    const ready = async () => (await fetch(url, { signal: AbortSignal.timeout(1000) })).ok;
    await this.#startPart(
      {
        name: 'bare',
        title: 'The bare server',
        invocation: () => ({
          command: process.execPath,
          args: [fileURLToPath(new URL('bare-server.mjs', import.meta.url))],
          env: {
            ...process.env,
            NODE_ENV: 'production',
            PORT: String(port),
            REDIS_URL: `redis://127.0.0.1:${redisPort}`,
          },
        }),
        ready: (inner) => until(ready, { timeoutMs: 30_000, what: 'The bare server was not ready', signal: inner }),
      },
      signal,
    );
    this.progress.line(`bare server on 127.0.0.1:${port}, its Redis on ${redisPort}`);
  }

  /** @param {import('../../tools/lib/part.mjs').PartSpec} spec @param {AbortSignal} signal */
  async #startPart(spec, signal) {
    const part = new Part(
      spec,
      this.stack.processes,
      (text) => this.progress.line(text),
      () => {},
    );
    this.#bare.push(part);
    await part.start(signal);
  }

  /** The pids of all of them by name, 0 for one that is not running. @returns {Record<string, number>} */
  get pids() {
    const [bareRedis, bare] = this.#bare.map(({ pid }) => pid);
    const pids = Object.entries({ ...readJson(this.stack.servicesFile)?.pids, bareRedis, bare });
    return Object.fromEntries(pids.map(([name, pid]) => [name, Number(pid ?? 0)]));
  }

  async stop() {
    await Promise.all(this.#bare.reverse().map((part) => part.stop(Date.now() + STOP_MS)));
    await this.stack.stop();
  }
}
