import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';

/**
 * A process that stays the same although its pid may be given to another one later.
 * @typedef {{ pid: number, identity: string }} ProcessId
 */

/**
 * Reads state, process group and start time from the text of `/proc/<pid>/stat`; the name in parentheses may itself
 * hold anything.
 * @param {string} stat
 * @returns {{ state: string, group: number, startTime: string }}
 */
export function parseStat(stat) {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', group: Number(fields[2]), startTime: fields[19] ?? '' };
}

/**
 * What tells this process from a later one with the same pid; null when it does not run (a zombie does not).
 * @param {number} pid
 * @returns {string | null}
 */
export function identityOf(pid) {
  return process.platform === 'linux' ? linuxIdentity(pid) : psIdentity(pid);
}

/** @param {number} pid */
function linuxIdentity(pid) {
  try {
    const { state, startTime } = parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    if (state === 'Z' || state === 'X') return null;
    // Start times count from boot, so two boots could show the same one.
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}:${startTime}`;
  } catch {
    return null;
  }
}

/** @param {number} pid */
function psIdentity(pid) {
  try {
    const [state = '', ...started] = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      timeout: 5000,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
      .trim()
      .split(/\s+/);
    return state === '' || state.startsWith('Z') ? null : started.join(' ');
  } catch {
    return null;
  }
}

/**
 * @param {number} pid
 * @returns {ProcessId | null} null when it has already gone
 */
export function processId(pid) {
  const identity = identityOf(pid);
  return identity === null ? null : { pid, identity };
}

/** @param {ProcessId | null | undefined} id */
export function isAlive(id) {
  return id !== null && id !== undefined && identityOf(id.pid) === id.identity;
}

/**
 * Whether a process of this group still runs; where one asks /proc, a zombie that nobody collects does not count.
 * @param {number} group
 */
export function isGroupAlive(group) {
  try {
    process.kill(-group, 0);
  } catch {
    return false;
  }
  if (process.platform !== 'linux') return true;
  return readdirSync('/proc').some((pid) => /^\d+$/.test(pid) && isMember(pid, group));
}

/** @param {string} pid @param {number} group */
function isMember(pid, group) {
  try {
    const stat = parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    return stat.group === group && stat.state !== 'Z' && stat.state !== 'X';
  } catch {
    return false;
  }
}
