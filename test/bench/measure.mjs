import { sleep } from '../../tools/lib/wait.mjs';
import { load } from './load.mjs';
import { SKUS, quantityOf } from './targets.mjs';
import { WORKLOADS, isHot, openCarts, prepare } from './workloads.mjs';

/**
 * @typedef {import('./targets.mjs').Target} Target
 * @typedef {import('./cpu.mjs').CpuClock} CpuClock
 * @typedef {ReturnType<CpuClock['read']>} Reading
 *
 * One workload on one target, once. CPU is in µs per answered request, until the work is done to its end (for the
 * service: until MySQL has every change).
 * @typedef {object} Run
 * @property {number} round 0 warms up
 * @property {string} workload
 * @property {string} target
 * @property {number} rps answered with 2xx
 * @property {number} p50 ms
 * @property {number} p99 ms
 * @property {number} answered
 * @property {number} failed
 * @property {number} appUs
 * @property {number} appUsUnderLoad of it, before the load ended
 * @property {number} redisUs
 * @property {number} brokerUs above what it uses idle
 * @property {number} mysqlUs above what it uses idle
 * @property {number} drainSeconds from the end of the load until the work was done
 * @property {number} foreignCores used by everybody else under load
 * @property {number} loadCores used by the load generator
 * @property {number} lost acknowledged adds that are not in the hot cart
 * @property {string[]} faults
 */

/** Names of a target's own processes, and of those behind the service that the bare server has no need of. */
const PROCESSES = {
  service: { app: 'app', redis: 'redis', broker: ['namesrv', 'broker'], mysql: ['mysql'] },
  bare: { app: 'bare', redis: 'bareRedis', broker: [], mysql: [] },
};
const IDLE_SECONDS = 2;
const WARM_UP = { requests: 10_000, seconds: 3, times: 6 };
/** The machine counts as quiet when everybody else uses less than this many cores. */
const QUIET_CORES = 0.3;

/** Runs the workloads of all targets side by side, round by round. */
export class Measurement {
  /** @type {Map<string, import('./targets.mjs').Cart[]>} */
  #carts = new Map();
  /** Cores each process uses when nobody asks anything. @type {Record<string, number>} */
  #idle = {};

  /**
   * @param {{ targets: Target[], clock: CpuClock, options: import('./options.mjs').Options, signal: AbortSignal,
   *   profiling: import('./profiling.mjs').Profiling | undefined, progress: import('../../tools/lib/progress.mjs').Progress }} parts
   */
  constructor({ targets, clock, options, profiling, signal, progress }) {
    this.targets = targets;
    this.clock = clock;
    this.options = options;
    this.profiling = profiling;
    this.signal = signal;
    this.progress = progress;
  }

  /** @returns {Promise<Run[]>} */
  async rounds() {
    const { rounds, seconds, workloads, warmUp } = this.options;
    for (const name of workloads) {
      for (const target of this.targets) await this.#open(workloadOf(name).carts, target);
    }
    this.progress.line(`carts opened and filled on ${this.targets.length} targets`);
    await this.#measureIdle();
    if (warmUp) {
      for (const name of workloads) for (const target of this.targets) await this.#warmUp(name, target);
    }
    /** @type {Run[]} */
    const runs = [];
    for (let round = 1; round <= rounds; round += 1) {
      for (const name of workloads) {
        // Who goes first changes, so that neither always finds the machine as the other has left it.
        const order = round % 2 === 0 ? [...this.targets].reverse() : this.targets;
        for (const target of order) {
          const run = await this.#run(round, name, target, seconds);
          this.progress.line(lineOf(run));
          runs.push(run);
        }
      }
    }
    return runs;
  }

  /** V8 compiles what has run often, so it is requests that warm a server up, not seconds. @param {string} name @param {Target} target */
  async #warmUp(name, target) {
    const { requests, seconds, times } = WARM_UP;
    for (let answered = 0, time = 0; answered < requests && time < times; time += 1) {
      const run = await this.#run(0, name, target, seconds);
      this.progress.line(lineOf(run));
      answered += run.answered;
    }
  }

  /** @param {import('./workloads.mjs').Workload['carts']} kind @param {Target} target */
  async #open(kind, target) {
    this.signal.throwIfAborted();
    const key = `${target.name} ${kind}`;
    if (this.#carts.has(key)) return;
    this.#carts.set(key, await openCarts(target, kind, this.options.carts));
    await target.drained();
  }

  async #measureIdle() {
    const before = this.clock.read();
    await sleep(IDLE_SECONDS * 1000, this.signal);
    const { seconds, cpu } = this.clock.since(before);
    this.#idle = Object.fromEntries(Object.entries(cpu).map(([name, used]) => [name, used / seconds]));
  }

  /** @param {number} round @param {string} name @param {Target} target @param {number} seconds @returns {Promise<Run>} */
  async #run(round, name, target, seconds) {
    const workload = workloadOf(name);
    const carts = this.#carts.get(`${target.name} ${workload.carts}`) ?? [];
    const requests = prepare(workload, target, carts, this.options.connections);
    const hot = isHot(workload) ? carts[0] : undefined;
    const held = hot === undefined ? 0 : await quantityOf(target, hot, String(SKUS[0]));
    if (round > 0) await this.#quiet();

    const { result, loaded, done } = await this.#profiled(round, name, target, () =>
      this.#load(target, requests, seconds),
    );

    /** @type {string[]} */
    const faults = result.failed > 0 ? [`${result.failed} of ${result.answered} requests failed`] : [];
    let lost = 0;
    if (hot !== undefined) {
      const arrived = (await quantityOf(target, hot, String(SKUS[0]))) - held;
      lost = Math.max(0, result.ok - arrived);
      // Each connection may have had one add under way when the load ended.
      const unasked = arrived - result.ok - this.options.connections;
      if (lost > 0) faults.push(`${lost} of ${result.ok} acknowledged adds are lost`);
      if (unasked > 0) faults.push(`${unasked} adds too many arrived`);
      const fault = await target.fault(hot);
      if (fault !== null) faults.push(fault);
    }
    return {
      round,
      workload: name,
      target: target.name,
      rps: result.ok / result.seconds,
      p50: result.p50,
      p99: result.p99,
      answered: result.answered,
      failed: result.failed,
      ...this.#costs(target, result.answered, loaded, done),
      drainSeconds: done.seconds - loaded.seconds,
      foreignCores: (loaded.cpu['foreign'] ?? NaN) / loaded.seconds,
      loadCores: (loaded.cpu['load'] ?? NaN) / loaded.seconds,
      lost,
      faults,
    };
  }

  /** @param {Target} target @param {import('./targets.mjs').Request[][]} requests @param {number} seconds */
  async #load(target, requests, seconds) {
    let start = this.clock.read();
    const result = await load(target.url, requests, {
      seconds,
      signal: this.signal,
      onStart: () => (start = this.clock.read()),
    });
    const loaded = this.clock.since(start);
    await target.drained();
    return { result, loaded, done: this.clock.since(start) };
  }

  /** @template T @param {number} round @param {string} name @param {Target} target @param {() => Promise<T>} work @returns {Promise<T>} */
  #profiled(round, name, target, work) {
    if (this.profiling === undefined || round === 0 || target.name !== 'service') return work();
    return this.profiling.around(this.clock.pids['app'] ?? 0, `${name}-${round}`, work);
  }

  /**
   * @param {Target} target @param {number} requests
   * @param {ReturnType<CpuClock['since']>} loaded @param {ReturnType<CpuClock['since']>} done
   */
  #costs(target, requests, loaded, done) {
    const names = PROCESSES[/** @type {keyof typeof PROCESSES} */ (target.name)];
    const per = (/** @type {number} */ cpu) => (cpu / requests) * 1e6;
    const above = (/** @type {string[]} */ processes) =>
      per(processes.reduce((sum, name) => sum + (done.cpu[name] ?? NaN) - (this.#idle[name] ?? 0) * done.seconds, 0));
    return {
      appUs: per(done.cpu[names.app] ?? NaN),
      appUsUnderLoad: per(loaded.cpu[names.app] ?? NaN),
      redisUs: per(done.cpu[names.redis] ?? NaN),
      brokerUs: Math.max(0, above(names.broker)),
      mysqlUs: Math.max(0, above(names.mysql)),
    };
  }

  /** Waits until the rest of the machine is quiet, as long as the options allow. */
  async #quiet() {
    for (const deadline = Date.now() + this.options.patience * 1000; Date.now() < deadline;) {
      const before = this.clock.read();
      await sleep(1000, this.signal);
      const { seconds, cpu } = this.clock.since(before);
      if ((cpu['foreign'] ?? 0) / seconds < QUIET_CORES) return;
    }
  }
}

/** @param {string} name */
function workloadOf(name) {
  return /** @type {import('./workloads.mjs').Workload} */ (WORKLOADS[name]);
}

/** @param {Run} run */
function lineOf({ round, workload, target, rps, p99, appUs, foreignCores, drainSeconds, faults }) {
  const what = `${round === 0 ? 'warm-up' : `round ${round}`} ${workload} ${target}`.padEnd(27);
  const figures = `${rps.toFixed(0).padStart(6)} req/s, p99 ${p99.toFixed(1)} ms, ${appUs.toFixed(0)} µs CPU a request`;
  const rest = `, drained in ${drainSeconds.toFixed(1)} s, others used ${foreignCores.toFixed(2)} cores`;
  return `${what} ${figures}${rest}${faults.map((fault) => `; FAULT: ${fault}`).join('')}`;
}
