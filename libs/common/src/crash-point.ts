const CRASH_AT = process.env['CRASH_AT'];

/**
 * A place between two steps where a crash must do no harm: the fault tests start a process with CRASH_AT set to its
 * name, and it ends there as by `kill -9`. Production refuses to start with that variable.
 */
export function crashPoint(name: string): void {
  if (CRASH_AT === name) process.kill(process.pid, 'SIGKILL');
}
