import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { isAbort } from './failure.mjs';
import { STOP_MS } from './launcher.mjs';
import { checkMigrations } from './migration-stage.mjs';
import { ensurePrograms } from './needs.mjs';
import { choosePorts } from './ports.mjs';
import { npmCommand } from './npm.mjs';
import { sum } from './results.mjs';
import { Shards } from './shards.mjs';
import { Stack } from './stack.mjs';
import { runVitest } from './vitest-stage.mjs';

/**
 * @typedef {import('./progress.mjs').Progress} Progress
 * @typedef {import('./results.mjs').Counts} Counts
 * @typedef {'log' | 'terminal'} Output
 */

/** What an earlier run left; the jars, which take longest to get, are kept elsewhere. */
const OLD = ['bin', 'logs', 'mysql', 'redis', 'rocketmq', 'ports.json', 'secrets.json', 'services.json'];
/** Settings that would lead the tests to somebody's real servers. */
const FOREIGN = ['REDIS_URL', 'LOCK_REDIS_URLS', 'DATABASE_URL', 'ROCKETMQ_ENDPOINTS', 'TRANSPORT', 'PORT', 'DATA_DIR'];
const MINUTE = 60_000;
/** What a stage may need to stop: it may run a whole `npm start` of its own. */
export const STAGE_STOP_MS = STOP_MS + 1500;
/** What the short model test and fuzz of the first tier run, unless the environment asks for more. */
const SHORT = { MODEL_RUNS: '200', FUZZ_REQUESTS: '500' };
const MODEL_FILES = ['test/e2e/model', 'test/e2e/fuzz.e2e'];

/** Runs the stages of the tests; the private servers are started by the first stage that needs them. */
export class TestRun {
  /** @type {Promise<void> | undefined} */
  #ready;
  /** @type {NodeJS.ProcessEnv} */
  #env;
  /** @type {import('./vitest-stage.mjs').FileTime[]} */
  files = [];

  /**
   * @param {{ root: string, dataDir: string, progress: Progress, signal: AbortSignal, shards: number, file?: string, name?: string }} options
   */
  constructor({ root, dataDir, progress, signal, shards, file, name }) {
    for (const old of OLD) rmSync(join(dataDir, old), { recursive: true, force: true });
    mkdirSync(join(dataDir, 'logs'), { recursive: true });
    this.root = root;
    this.dataDir = dataDir;
    this.progress = progress;
    this.signal = signal;
    this.file = file;
    this.name = name;
    const kept = Object.entries(process.env).filter(([variable]) => !FOREIGN.includes(variable));
    this.#env = { ...Object.fromEntries(kept), NODE_ENV: 'test' };
    const jarsDir = join(root, '.data', 'rocketmq', 'lib');
    this.stack = new Stack({ root, dataDir, jarsDir, env: this.#env, progress, durable: false });
    this.shards = new Shards(this.stack, shards);
  }

  /** Installs the npm packages. */
  install() {
    return this.stack.installPackages(this.signal);
  }

  /** @param {number} deadline as of Date.now() */
  async stop(deadline) {
    await Promise.all([this.shards.stop(deadline), this.stack.stop(deadline)]);
  }

  /** The servers with schema and catalogue: started once, by the first stage that asks. */
  #servers() {
    this.#ready ??= (async () => {
      await Promise.all([this.stack.build(this.signal), this.stack.startServers(this.signal)]);
      await this.shards.start(this.signal);
    })();
    return this.#ready;
  }

  /** What the tests are told about the servers. */
  get #serverEnv() {
    const programs = Object.values(this.stack.programs).map((program) => dirname(program));
    return {
      ...this.#env,
      ...this.stack.connections,
      PATH: [...new Set(programs), this.#env['PATH'] ?? ''].join(delimiter),
      TEST_SERVICES: this.stack.servicesFile,
      TEST_SHARDS: JSON.stringify(this.shards.env),
      TEST_SCHEMA: 'ready',
    };
  }

  /**
   * The stages by name. Beside others a stage writes to a log, which is shown when it has failed.
   * @returns {Record<string, (output: Output) => Promise<Counts>>}
   */
  get stages() {
    return {
      lint: (output) => this.#npm('lint', output),
      typecheck: (output) => this.#npm('typecheck', output),
      boundaries: (output) => this.#npm('boundaries', output),
      servers: () => this.#one(this.#servers()),
      unit: (output) => this.#vitest('unit', { output, minutes: 10 }),
      migrations: () => this.#migrations(),
      container: (output) => this.#one(this.#node('container', [join('tools', 'check-container.mjs')], { output })),
      integration: (output) => this.#withServers('integration', { output, minutes: 20 }),
      e2e: (output) => this.#endToEnd({ output, env: SHORT, minutes: 20 }),
      replay: (output) => this.#replay(output, { lines: '1500', firstUser: 10_000_000 }),
      model: (output) => this.#endToEnd({ output, files: MODEL_FILES, minutes: 30 }),
      fault: (output) => this.#withServers('fault', { output, minutes: 40 }),
      mutants: (output) => this.#mutants(output),
      'long-replay': (output) => this.#replay(output, { lines: '6000', firstUser: 200_000_000 }),
    };
  }

  /** A stage that passes as a whole. @param {Promise<unknown>} work @returns {Promise<Counts>} */
  async #one(work) {
    await work;
    return { passed: 1, failed: 0 };
  }

  /**
   * @param {string} name
   * @param {string[]} args of Node
   * @param {{ output: Output, env?: NodeJS.ProcessEnv, minutes?: number }} options
   */
  #node(name, args, { output, env = this.#env, minutes = 10 }) {
    return this.#run(name, { command: process.execPath, args, env, output, minutes });
  }

  /** @param {string} script @param {Output} output */
  #npm(script, output) {
    const { command, args } = npmCommand(['run', '--silent', script]);
    return this.#one(this.#run(script, { command, args, env: this.#env, output, minutes: 10 }));
  }

  /**
   * @param {string} name
   * @param {{ command: string, args: string[], env: NodeJS.ProcessEnv, output: Output, minutes: number }} options
   */
  async #run(name, { minutes, ...invocation }) {
    const { processes } = this.stack;
    try {
      await processes.run(name, {
        ...invocation,
        cwd: this.root,
        timeoutMs: minutes * MINUTE,
        graceMs: STAGE_STOP_MS,
        signal: this.signal,
        failure: `${name} failed`,
      });
    } catch (error) {
      if (invocation.output === 'log' && !isAbort(error)) console.log(readFileSync(processes.logOf(name), 'utf8'));
      throw error;
    }
  }

  /**
   * @param {string} project
   * @param {{ output: Output, minutes: number, env?: NodeJS.ProcessEnv, files?: string[] }} options
   * @returns {Promise<Counts>}
   */
  async #vitest(project, { output, minutes, env = this.#env, files }) {
    const { root, dataDir, signal, file, name } = this;
    const { files: times, ...counts } = await runVitest(project, {
      ...{ root, dataDir, env, output, signal, name },
      timeoutMs: minutes * MINUTE,
      graceMs: STAGE_STOP_MS,
      processes: this.stack.processes,
      files: file === undefined ? files : [file],
    });
    this.files.push(...times);
    return counts;
  }

  /** @param {string} project @param {{ output: Output, minutes: number }} options */
  async #withServers(project, options) {
    await this.#servers();
    return this.#vitest(project, { ...options, env: this.#serverEnv });
  }

  /**
   * The pages are looked at with a browser.
   * @param {{ output: Output, minutes: number, env?: NodeJS.ProcessEnv, files?: string[] }} options
   */
  async #endToEnd({ env = {}, ...options }) {
    await this.#servers();
    const { dataDir, progress, signal } = this;
    const { processes } = this.stack;
    const { chromium } = await ensurePrograms(['chromium'], { dataDir, processes, progress, signal });
    return this.#vitest('e2e', { ...options, env: { ...env, ...this.#serverEnv, CHROMIUM: chromium } });
  }

  async #migrations() {
    await this.#servers();
    const { root, signal } = this;
    const said = await checkMigrations({ root, env: this.#serverEnv, signal });
    this.progress.line(said);
    return { passed: 1, failed: 0 };
  }

  /**
   * @param {Output} output
   * @param {{ lines: string, firstUser: number }} options of the sample; users of its own, for the carts of an earlier run
   *   stay full
   */
  async #replay(output, { lines, firstUser }) {
    await this.#servers();
    const { app } = await choosePorts(join(this.dataDir, 'ports.json'), { app: [0] });
    await this.stack.startApp({ port: app, env: { DEV_LOGIN: 'true', RATE_LIMITS: 'off' }, signal: this.signal });
    try {
      const args = [join('tools', 'replay.mjs'), '--lines', lines, '--services', this.stack.servicesFile];
      const options = { output, env: this.#serverEnv, minutes: 15 };
      const plain = await this.#one(this.#node('replay', [...args, '--user-offset', String(firstUser)], options));
      const others = ['--checkout', '--user-offset', String(firstUser + 50_000_000)];
      return sum([plain, await this.#one(this.#node('replay-checkout', [...args, ...others], options))]);
    } finally {
      await this.stack.stopApp();
    }
  }

  /** @param {Output} output */
  async #mutants(output) {
    await this.#servers();
    const args = [join('tools', 'mutants.mjs'), ...(this.file === undefined ? [] : [this.file])];
    return this.#one(this.#node('mutants', args, { output, env: this.#serverEnv, minutes: 30 }));
  }
}
