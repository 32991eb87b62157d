import { readdirSync, readFileSync } from 'node:fs';
import { eventually } from './eventually.js';

/** Stops a process until SIGCONT. The signal needs a moment for every thread: returns when none runs any more. */
export async function freeze(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  await eventually(() => readdirSync(`/proc/${pid}/task`).every((thread) => stateOf(pid, thread) === 'T'), {
    intervalMs: 5,
  });
}

/** The state stands behind the name, which may have any characters. */
function stateOf(pid: number, thread: string): string | undefined {
  const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2)[0];
}
