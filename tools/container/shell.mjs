import { spawn } from 'node:child_process';

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();

/**
 * Runs a command in a folder and collects what it prints. It leads a process group of its own, so that a time-out or an
 * end of ours takes its children along.
 * @param {string[]} command
 * @param {{ cwd: string, env: Record<string, string | undefined>, timeoutMs: number }} options
 * @returns {Promise<{ code: number | null, output: string }>} code null: ended by a signal
 */
export function run([program = '', ...args], { cwd, env, timeoutMs }) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    let output = '';
    const collect = (/** @type {Buffer} */ chunk) => (output += chunk.toString());
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    const timer = setTimeout(() => {
      output += `\nstopped after ${timeoutMs / 1000} s`;
      end(child);
    }, timeoutMs);
    const done = () => {
      clearTimeout(timer);
      running.delete(child);
    };
    child.on('error', (error) => (done(), reject(error)));
    child.on('close', (code) => (done(), resolve({ code, output })));
  });
}

/** Ends everything that still runs. */
export function endAll() {
  for (const child of running) end(child);
}

/** @param {import('node:child_process').ChildProcess} child */
function end(child) {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // Its last process has just ended by itself.
  }
}
