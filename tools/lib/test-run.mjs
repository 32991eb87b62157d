import { mkdirSync, rmSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { STOP_MS } from './launcher.mjs';
import { checkMigrations } from './migration-stage.mjs';
import { ensurePrograms } from './needs.mjs';
import { choosePorts } from './ports.mjs';
import { npmCommand } from './npm.mjs';
import { Stack } from './stack.mjs';
import { runVitest } from './vitest-stage.mjs';

/**
 * @typedef {import('./progress.mjs').Progress} Progress
 * @typedef {import('./vitest-stage.mjs').Counts} Counts
 */

/** What an earlier run left; the jars, which take longest to get, are kept elsewhere. */
const OLD = ['bin', 'logs', 'mysql', 'redis', 'rocketmq', 'ports.json', 'secrets.json', 'services.json'];
/** Settings that would lead the tests to somebody's real servers. */
const FOREIGN = ['REDIS_URL', 'LOCK_REDIS_URLS', 'DATABASE_URL', 'ROCKETMQ_ENDPOINTS', 'TRANSPORT', 'PORT', 'DATA_DIR'];
const MINUTE = 60_000;
/** What a stage may need to stop: it may run a whole `npm start` of its own. */
export const STAGE_STOP_MS = STOP_MS + 1500;

/** Runs the stages of `npm test`; the private servers are started by the first stage that needs them. */
export class TestRun {
  /** @type {Promise<void> | undefined} */
  #ready;
  /** @type {NodeJS.ProcessEnv} */
  #env;

  /** @param {{ root: string, dataDir: string, progress: Progress, signal: AbortSignal }} options */
  constructor({ root, dataDir, progress, signal }) {
    for (const name of OLD) rmSync(join(dataDir, name), { recursive: true, force: true });
    mkdirSync(join(dataDir, 'logs'), { recursive: true });
    this.root = root;
    this.dataDir = dataDir;
    this.progress = progress;
    this.signal = signal;
    const kept = Object.entries(process.env).filter(([name]) => !FOREIGN.includes(name));
    this.#env = { ...Object.fromEntries(kept), NODE_ENV: 'test' };
    const jarsDir = join(root, '.data', 'rocketmq', 'lib');
    this.stack = new Stack({ root, dataDir, jarsDir, env: this.#env, progress });
  }

  install() {
    return this.stack.installPackages(this.signal);
  }

  /** The servers with schema and catalogue: started once, by the first stage that asks. */
  #servers() {
    this.#ready ??= (async () => {
      await this.stack.build(this.signal);
      await this.stack.startServers(this.signal);
      await this.stack.prepareDatabase(this.signal);
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
    };
  }

  /** The stages by name, in their order. @returns {Record<string, () => Promise<Counts>>} */
  get stages() {
    return {
      lint: () => this.#npm('lint'),
      typecheck: () => this.#typecheck(),
      boundaries: () => this.#npm('boundaries'),
      unit: () => this.#vitest('unit', this.#env, 10),
      build: () => this.#one(this.stack.build(this.signal)),
      container: () => this.#one(this.#node('container', [join('tools', 'check-container.mjs')])),
      migrations: () => this.#migrations(),
      integration: () => this.#withServers('integration', 30),
      e2e: () => this.#endToEnd(),
      replay: () => this.#replay(),
      fault: () => this.#withServers('fault', 60),
      guards: () => this.#guards(),
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
   * @param {{ env?: NodeJS.ProcessEnv, minutes?: number }} [options]
   */
  #node(name, args, { env = this.#env, minutes = 10 } = {}) {
    return this.stack.processes.run(name, {
      command: process.execPath,
      args,
      cwd: this.root,
      env,
      timeoutMs: minutes * MINUTE,
      graceMs: STAGE_STOP_MS,
      signal: this.signal,
      output: 'terminal',
      failure: `${name} failed`,
    });
  }

  /** @param {string} script */
  #npm(script) {
    const { command, args } = npmCommand(['run', '--silent', script]);
    return this.#one(
      this.stack.processes.run(script, {
        command,
        args,
        cwd: this.root,
        env: this.#env,
        timeoutMs: 10 * MINUTE,
        signal: this.signal,
        output: 'terminal',
        failure: `${script} failed`,
      }),
    );
  }

  async #typecheck() {
    const tsc = join(this.root, 'node_modules', 'typescript', 'bin', 'tsc');
    const vueTsc = join(this.root, 'node_modules', 'vue-tsc', 'bin', 'vue-tsc.js');
    await this.#node('typecheck', [tsc, '--noEmit', '-p', 'tsconfig.json']);
    await this.#node('typecheck of the pages', [vueTsc, '--noEmit', '-p', join('apps', 'storefront', 'tsconfig.json')]);
    return this.#one(this.#node('typecheck of tools', [tsc, '--noEmit', '-p', join('tools', 'tsconfig.json')]));
  }

  /** @param {string} project @param {NodeJS.ProcessEnv} env @param {number} minutes */
  #vitest(project, env, minutes) {
    const { root, dataDir, signal } = this;
    const { processes } = this.stack;
    const timeoutMs = minutes * MINUTE;
    return runVitest(project, { root, dataDir, env, timeoutMs, graceMs: STAGE_STOP_MS, processes, signal });
  }

  /** @param {string} project @param {number} minutes */
  async #withServers(project, minutes) {
    await this.#servers();
    return this.#vitest(project, this.#serverEnv, minutes);
  }

  /** The pages are looked at with a browser. */
  async #endToEnd() {
    await this.#servers();
    const { dataDir, progress, signal } = this;
    const { processes } = this.stack;
    const { chromium } = await ensurePrograms(['chromium'], { dataDir, processes, progress, signal });
    return this.#vitest('e2e', { ...this.#serverEnv, CHROMIUM: chromium }, 40);
  }

  async #migrations() {
    await this.#servers();
    const { root, signal } = this;
    const said = await checkMigrations({ root, env: this.#serverEnv, processes: this.stack.processes, signal });
    this.progress.line(said);
    return { passed: 1, failed: 0 };
  }

  async #replay() {
    await this.#servers();
    const { app } = await choosePorts(join(this.dataDir, 'ports.json'), { app: [0] });
    await this.stack.startApp({ port: app, env: { DEV_LOGIN: 'true', RATE_LIMITS: 'off' }, signal: this.signal });
    try {
      const args = [join('tools', 'replay.mjs'), '--lines', '1500', '--services', this.stack.servicesFile];
      await this.#node('replay', args, { env: this.#serverEnv, minutes: 15 });
      // Other shoppers: the carts of the first replay stay full.
      const others = ['--checkout', '--user-offset', '50000000'];
      await this.#node('replay with checkout', [...args, ...others], { env: this.#serverEnv, minutes: 15 });
      return { passed: 2, failed: 0 };
    } finally {
      await this.stack.stopApp();
    }
  }

  async #guards() {
    await this.#servers();
    return this.#one(this.#node('guards', [join('tools', 'guards.mjs')], { env: this.#serverEnv, minutes: 40 }));
  }
}
