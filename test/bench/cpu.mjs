import { readFileSync } from 'node:fs';

/** The kernel tells CPU time in hundredths of a second, on every architecture Node runs on. */
const TICKS_PER_SECOND = 100;

/**
 * CPU seconds a process has used, all its threads together, in user and kernel mode.
 * @param {string} stat text of /proc/<pid>/stat
 */
export function parseCpu(stat) {
  // The name in parentheses may itself hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/**
 * CPU seconds the whole machine has been busy; what the hypervisor gave to others counts too.
 * @param {string} stat text of /proc/stat
 */
export function parseBusy(stat) {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = stat
    .slice(0, stat.indexOf('\n'))
    .trim()
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND;
}

/** CPU time of some processes, of this one and of everybody else. */
export class CpuClock {
  /** @param {Record<string, number>} pids by name */
  constructor(pids) {
    this.pids = pids;
  }

  /** @returns {{ at: number, cpu: Record<string, number> }} */
  read() {
    const cpu = Object.fromEntries(
      Object.entries(this.pids).map(([name, pid]) => [name, parseCpu(readFileSync(`/proc/${pid}/stat`, 'utf8'))]),
    );
    const own = process.cpuUsage();
    const load = (own.user + own.system) / 1e6;
    const known = Object.values(cpu).reduce((sum, seconds) => sum + seconds, load);
    const foreign = parseBusy(readFileSync('/proc/stat', 'utf8')) - known;
    return { at: performance.now() / 1000, cpu: { ...cpu, load, foreign } };
  }

  /**
   * CPU seconds used since an earlier reading, and the seconds that have passed.
   * @param {ReturnType<CpuClock['read']>} before
   */
  since(before) {
    const now = this.read();
    const cpu = Object.fromEntries(
      Object.entries(now.cpu).map(([name, seconds]) => [name, Math.max(0, seconds - (before.cpu[name] ?? 0))]),
    );
    return { seconds: now.at - before.at, cpu };
  }
}
