import { ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from './eventually.js';
import { freePort } from './free-port.js';
import { EVENT_KEYS } from './services.js';

const ROOT = join(import.meta.dirname, '../..');
/** Settings that would make the stack use servers of somebody else. */
const FOREIGN = [
  ...['REDIS_URL', 'LOCK_REDIS_URLS', 'DATABASE_URL', 'TRANSPORT', 'DATA_DIR', 'PORT'],
  ...['ROCKETMQ_ENDPOINTS', 'ROCKETMQ_TOPIC', 'ROCKETMQ_GROUP', 'SHOPPER_EVENTS_TOPIC'],
];
const START_MS = 240_000;

type Part = 'app' | 'redis' | 'mysql' | 'namesrv' | 'broker';

export interface Services {
  httpUrl: string;
  redisUrl: string;
  databaseUrl: string;
  rocketmqEndpoints: string;
  rocketmqNamesrv: string;
  pids: Record<Part, number>;
}

/** The environment without the servers of these tests: for a process that works on a stack of its own. */
export function withoutServers(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !FOREIGN.includes(name)));
}

/** A whole stack of its own, started as a user does: its parts may be killed. */
export class Stack {
  private output = '';

  private constructor(
    readonly dataDir: string,
    private readonly launcher: ChildProcess,
  ) {
    launcher.stdout!.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    launcher.stderr!.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
  }

  static async start(settings: Record<string, string> = {}): Promise<Stack> {
    const dataDir = mkdtempSync(join(tmpdir(), 'cart-stack-'));
    const ours = { NODE_ENV: 'test', DEV_LOGIN: 'true', RATE_LIMITS: 'off', EVENT_KEYS, DATA_DIR: dataDir };
    const env = { ...withoutServers(), ...ours, ...settings };
    const launcher = spawn(process.execPath, [join(ROOT, 'tools/start.mjs')], {
      cwd: ROOT,
      env: { ...env, PORT: String(await freePort()) },
      stdio: 'pipe',
    });
    const stack = new Stack(dataDir, launcher);
    try {
      await eventually(() => stack.assertReady(), { timeoutMs: START_MS });
    } catch (error) {
      await stack.stop();
      throw error;
    }
    return stack;
  }

  get servicesFile(): string {
    return join(this.dataDir, 'services.json');
  }

  /** As they are now: a part that was killed comes back under another pid. */
  services(): Services {
    return JSON.parse(readFileSync(this.servicesFile, 'utf8')) as Services;
  }

  /**
   * Kills a part as a crash would, and waits until the launcher has it running again. It does not start before
   * `meanwhile` is over, which may change what it left on disk, or let time pass.
   */
  async kill(part: Part, meanwhile?: () => void | Promise<void>): Promise<void> {
    const pid = this.services().pids[part];
    if (meanwhile) this.launcher.kill('SIGSTOP');
    process.kill(pid, 'SIGKILL');
    if (meanwhile) {
      try {
        await eventually(() => assertDead(pid));
        await meanwhile();
      } finally {
        this.launcher.kill('SIGCONT');
      }
    }
    await eventually(
      async () => {
        const { pids, httpUrl } = this.services();
        if (pids[part] === pid || !pids[part]) throw new Error(`${part} is not back yet: ${this.output.slice(-2000)}`);
        const ready = (await (await fetch(`${httpUrl}/health/ready`)).json()) as { status: string };
        if (ready.status !== 'ok') throw new Error(`the service is ${JSON.stringify(ready)}`);
      },
      { timeoutMs: 240_000, intervalMs: 200 },
    );
  }

  async stop(): Promise<number | null> {
    if (this.launcher.exitCode === null && this.launcher.signalCode === null) {
      const exit = once(this.launcher, 'exit');
      this.launcher.kill('SIGTERM');
      await exit;
    }
    if (process.env['KEEP_STACK']) console.log(`the stack's data is kept in ${this.dataDir}`);
    else rmSync(this.dataDir, { recursive: true, force: true });
    return this.launcher.exitCode;
  }

  private async assertReady(): Promise<void> {
    if (this.launcher.exitCode !== null) throw new Error(`npm start ended: ${this.output.slice(-2000)}`);
    if (!/^ready /m.test(this.output)) throw new Error(`npm start is not ready: ${this.output.slice(-2000)}`);
  }
}

/** A zombie is dead: its parent, held, has not looked yet. */
function assertDead(pid: number): void {
  const stat = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, 'utf8') : '';
  if (stat && !/\) Z /.test(stat)) throw new Error(`process ${pid} lives`);
}
