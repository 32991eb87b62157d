import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { appPart } from './app.mjs';
import { Failure } from './failure.mjs';
import { fetchJars, findJars } from './jars.mjs';
import { writeJson } from './json-file.mjs';
import { installMariadb, mariadbPart } from './mariadb.mjs';
import { STOP_MS } from './launcher.mjs';
import { ensurePrograms } from './needs.mjs';
import { Part } from './part.mjs';
import { choosePorts } from './ports.mjs';
import { Processes } from './processes.mjs';
import { redisPart } from './redis.mjs';
import { FAST_PORT_OFFSET, brokerPart, namesrvPart, provision } from './rocketmq.mjs';
import { loadSecrets } from './secrets.mjs';
import { together } from './wait.mjs';
import { Workspace } from './workspace.mjs';

/**
 * @typedef {import('./part.mjs').PartSpec} PartSpec
 * @typedef {import('./progress.mjs').Progress} Progress
 * @typedef {'redis' | 'mysql' | 'namesrv' | 'broker' | 'brokerHa' | 'proxy' | 'proxyRemoting'} PortName
 */

/** How long the app may finish what it is doing. */
const APP_STOP_MS = 6000;

/** The servers of one data folder and, if wanted, the app on them. */
export class Stack {
  /** @type {Map<string, Part>} */
  #parts = new Map();
  /** @type {string | null} */
  #httpUrl = null;
  /** Paths of the programs that the private servers need. @type {Record<string, string>} */
  programs = {};

  /**
   * @param {{ root: string, dataDir: string, jarsDir?: string, env: NodeJS.ProcessEnv, progress: Progress, durable?: boolean }} options
   *   `durable: false`: servers do not wait for the disk
   */
  constructor({ root, dataDir, jarsDir = join(dataDir, 'rocketmq', 'lib'), env, progress, durable = true }) {
    this.root = root;
    this.dataDir = dataDir;
    this.durable = durable;
    this.env = env;
    this.progress = progress;
    this.jarFolders = [jarsDir, join(root, '.data', 'rocketmq', 'lib')];
    this.servicesFile = join(dataDir, 'services.json');
    this.processes = new Processes(dataDir);
    this.workspace = new Workspace({ root, processes: this.processes, progress });
    /** The parts that are ours to run: each can be replaced by one that runs already. */
    this.own = {
      redis: !env['REDIS_URL'],
      mariadb: !env['DATABASE_URL'],
      rocketmq: !env['ROCKETMQ_ENDPOINTS'] && env['TRANSPORT'] !== 'in-process',
    };
    mkdirSync(dataDir, { recursive: true });
    rmSync(this.servicesFile, { force: true });
    this.secrets = loadSecrets(join(dataDir, 'secrets.json'));
    this.pom = join(root, 'tools', 'rocketmq', 'pom.xml');
  }

  get topic() {
    return this.env['ROCKETMQ_TOPIC'] || 'cart-changed';
  }

  get group() {
    return this.env['ROCKETMQ_GROUP'] || 'cart-table';
  }

  /** What the service tells others of shoppers; a consumer group of the same name is there for the first subscriber. */
  get shopperTopic() {
    return this.env['SHOPPER_EVENTS_TOPIC'] || 'shopper-events';
  }

  /** @param {AbortSignal} signal */
  installPackages(signal) {
    return this.workspace.installPackages(signal);
  }

  /** @param {AbortSignal} signal */
  build(signal) {
    return this.workspace.build(signal);
  }

  /** @param {AbortSignal} signal @throws {Failure} */
  prepareDatabase(signal) {
    return this.workspace.prepareDatabase({ ...this.env, ...this.connections }, signal);
  }

  /** Starts every server that is ours. @param {AbortSignal} signal @throws {Failure} */
  async startServers(signal) {
    this.programs = await this.#programs(signal);
    /** @type {Record<PortName, number>} */
    this.ports = await choosePorts(join(this.dataDir, 'ports.json'), {
      redis: [0],
      mysql: [0],
      namesrv: [0],
      broker: [0, FAST_PORT_OFFSET],
      brokerHa: [0],
      proxy: [0],
      proxyRemoting: [0],
    });
    await together(signal, [
      async (inner) => this.own.redis && (await this.#startRedis(inner)),
      async (inner) => this.own.mariadb && (await this.#startMariadb(inner)),
      async (inner) => this.own.rocketmq && (await this.#startRocketmq(inner)),
    ]);
    this.writeServices();
  }

  /** @param {AbortSignal} signal @returns {Promise<Record<string, string>>} */
  async #programs(signal) {
    /** @type {(keyof typeof import('./programs.mjs').NEEDS)[]} */
    const names = [];
    if (this.own.redis) names.push('redis');
    if (this.own.mariadb) names.push('mariadb');
    if (this.own.rocketmq) names.push('java');
    if (this.own.rocketmq && findJars(this.pom, this.jarFolders) === null) names.push('maven');
    const { dataDir, processes, progress } = this;
    return ensurePrograms(names, { dataDir, processes, progress, signal });
  }

  /** @param {AbortSignal} signal */
  async #startRedis(signal) {
    const { redis = '' } = this.programs;
    const { dataDir, durable } = this;
    await this.#start(redisPart({ program: redis, dataDir, port: this.#port('redis'), durable }), signal);
    this.progress.line(`Redis on 127.0.0.1:${this.#port('redis')}`);
  }

  /** @param {AbortSignal} signal */
  async #startMariadb(signal) {
    const { dataDir, durable, processes } = this;
    const { mariadbd = '', installer = '' } = this.programs;
    if (await installMariadb({ installer, dataDir, processes, signal })) this.progress.line('MariaDB data folder made');
    const port = this.#port('mysql');
    const password = this.secrets.databasePassword;
    await this.#start(mariadbPart({ program: mariadbd, dataDir, port, password, durable }), signal);
    this.progress.line(`MariaDB on 127.0.0.1:${port}`);
  }

  /** @param {AbortSignal} signal */
  async #startRocketmq(signal) {
    const { java = '' } = this.programs;
    const jars = await this.#jars(signal);
    const options = { java, jars, dataDir: this.dataDir, ports: /** @type {Record<PortName, number>} */ (this.ports) };
    const done = this.progress.begin('RocketMQ');
    await together(signal, [
      (inner) => this.#start(namesrvPart(options), inner),
      (inner) => this.#start(brokerPart(options), inner),
    ]);
    const { topic, group, shopperTopic } = this;
    const made = await provision(options.ports, { topics: [topic, shopperTopic], groups: [group, shopperTopic] });
    const what = `topics ${topic} and ${shopperTopic}, consumer group ${group} ${made ? 'made and checked' : 'checked'}`;
    done(`RocketMQ on 127.0.0.1:${options.ports.proxy}, ${what}`);
  }

  /** @param {AbortSignal} signal */
  async #jars(signal) {
    const known = findJars(this.pom, this.jarFolders);
    if (known !== null) return known;
    const [folder = ''] = this.jarFolders;
    const { mvn = '', java = '' } = this.programs;
    const done = this.progress.begin('fetching the RocketMQ jars with Maven (100 MB)');
    await fetchJars(this.pom, folder, { mvn, java, processes: this.processes, signal });
    done('RocketMQ jars fetched');
    return folder;
  }

  /** @param {PortName} name */
  #port(name) {
    return this.ports?.[name] ?? 0;
  }

  /** @param {PartSpec} spec @param {AbortSignal} signal */
  async #start(spec, signal) {
    const say = (/** @type {string} */ text) => this.progress.line(text);
    const part = new Part(spec, this.processes, say, () => this.writeServices());
    this.#parts.set(spec.name, part);
    await part.start(signal);
  }

  /**
   * Where the servers are, and the secrets: what the app and the tests are run with.
   * @returns {Record<string, string | undefined>}
   */
  get connections() {
    const { env, secrets } = this;
    return {
      REDIS_URL: env['REDIS_URL'] || `redis://127.0.0.1:${this.#port('redis')}`,
      DATABASE_URL:
        env['DATABASE_URL'] || `mysql://cart:${secrets.databasePassword}@127.0.0.1:${this.#port('mysql')}/cart`,
      ...(env['TRANSPORT'] === 'in-process' ? {} : this.#brokerAddresses()),
      ...(env['JWT_JWKS_URL'] ? {} : { JWT_SECRET: env['JWT_SECRET'] || secrets.jwtSecret }),
      GUEST_KEYS: env['GUEST_KEYS'] || secrets.guestKeys,
    };
  }

  #brokerAddresses() {
    if (!this.own.rocketmq) return { ROCKETMQ_ENDPOINTS: this.env['ROCKETMQ_ENDPOINTS'] };
    return {
      ROCKETMQ_ENDPOINTS: `127.0.0.1:${this.#port('proxy')}`,
      ROCKETMQ_NAMESRV: `127.0.0.1:${this.#port('namesrv')}`,
      ROCKETMQ_LIB: findJars(this.pom, this.jarFolders) ?? '',
      // A broker of others has other senders, who have the keys: then they are theirs to set.
      EVENT_KEYS: this.env['EVENT_KEYS'] || this.secrets.eventKeys,
    };
  }

  /**
   * @param {{ port: number, env?: NodeJS.ProcessEnv, signal: AbortSignal }} options
   * @returns {Promise<string>} its URL
   */
  async startApp({ port, env = {}, signal }) {
    if (!existsSync(join(this.root, 'dist', 'apps', 'server', 'src', 'main.js')))
      throw new Failure('There is no build of the app.');
    const url = `http://127.0.0.1:${port}`;
    const all = { ...this.env, ...this.connections, INSTANCE_ID: `app-${port}`, ...env, PORT: String(port) };
    this.#httpUrl = url;
    await this.#start(appPart(this.root, { env: all, url }), signal);
    this.writeServices();
    return url;
  }

  /** Ends the app alone. */
  async stopApp() {
    await this.#parts.get('app')?.stop(Date.now() + APP_STOP_MS);
    this.#parts.delete('app');
    this.#httpUrl = null;
  }

  get #metricsUrl() {
    if (this.#httpUrl === null) return null;
    const port = this.env['METRICS_PORT'];
    return port ? `http://127.0.0.1:${port}/metrics` : `${this.#httpUrl}/metrics`;
  }

  /** Tells other programs where everything is; written anew whenever a pid changes. */
  writeServices() {
    const {
      REDIS_URL,
      DATABASE_URL,
      ROCKETMQ_ENDPOINTS = null,
      ROCKETMQ_NAMESRV = null,
      ROCKETMQ_LIB = null,
    } = this.connections;
    const pids = ['app', 'redis', 'mysql', 'namesrv', 'broker'].map((name) => [
      name,
      this.#parts.get(name)?.pid ?? null,
    ]);
    writeJson(
      this.servicesFile,
      {
        redisUrl: REDIS_URL,
        databaseUrl: DATABASE_URL,
        rocketmqEndpoints: ROCKETMQ_ENDPOINTS,
        httpUrl: this.#httpUrl,
        metricsUrl: this.#metricsUrl,
        pids: Object.fromEntries(pids),
        rocketmqNamesrv: ROCKETMQ_NAMESRV,
        rocketmqLib: ROCKETMQ_LIB,
      },
      // The database's password is in it.
      0o600,
    );
  }

  /**
   * Ends everything: first the app, with time to finish, then all it stands on.
   * @param {number} [deadline] as of Date.now(): what runs then is killed
   */
  async stop(deadline = Date.now() + STOP_MS) {
    rmSync(this.servicesFile, { force: true });
    await this.#parts.get('app')?.stop(Math.min(deadline, Date.now() + APP_STOP_MS));
    const { broker, namesrv, mysql, redis } = Object.fromEntries(this.#parts);
    const rocketmq = async () => {
      await broker?.stop(deadline);
      await namesrv?.stop(deadline);
    };
    await Promise.all([rocketmq(), mysql?.stop(deadline), redis?.stop(deadline)]);
    rmSync(this.servicesFile, { force: true });
  }
}
