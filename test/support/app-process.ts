import { ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { eventually } from './eventually.js';
import { freePort } from './free-port.js';
import { testVariables } from './services.js';

/** What is run. */
export const MAIN = join(process.env['APP_DIST'] ?? join(import.meta.dirname, '../../dist'), 'apps/server/src/main.js');
/** Characters of its output that are kept: all a test makes it say at the lowest level. */
const KEPT = 20_000_000;

/** One process of the built service, as it runs in a shop. */
export class AppProcess {
  private output = '';

  private constructor(
    readonly url: string,
    private readonly child: ChildProcess,
  ) {
    child.stdout!.on('data', (chunk: Buffer) => this.keep(chunk));
    child.stderr!.on('data', (chunk: Buffer) => this.keep(chunk));
  }

  /** Starts a process on a free port and waits until it is ready. Settings on top of those of the tests. */
  static async start(settings: Record<string, string> = {}): Promise<AppProcess> {
    const port = await freePort();
    const env = testVariables({ PORT: String(port), ...settings });
    const app = new AppProcess(`http://127.0.0.1:${port}`, spawn(process.execPath, [MAIN], { env, stdio: 'pipe' }));
    try {
      await eventually(() => app.assertReady(), { timeoutMs: 110_000 });
    } catch (error) {
      await app.kill();
      throw error;
    }
    return app;
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** It has ended, by itself or by somebody's hand. */
  get isDead(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** What the process has written so far. */
  get log(): string {
    return this.output;
  }

  /** Stops as a supervisor would, and returns the exit code. */
  async stop(): Promise<number | null> {
    return this.end('SIGTERM');
  }

  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  private async end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const exit = once(this.child, 'exit');
      this.child.kill(signal);
      await exit;
    }
    return this.child.exitCode;
  }

  private async assertReady(): Promise<void> {
    if (this.child.exitCode !== null) throw new Error(`the service ended with ${this.child.exitCode}: ${this.output}`);
    const answer = await fetch(`${this.url}/health/ready`);
    const { status } = (await answer.json()) as { status: string };
    if (status !== 'ok') throw new Error(`the service is ${status}: ${this.output}`);
  }

  private keep(chunk: Buffer): void {
    this.output = (this.output + chunk.toString()).slice(-KEPT);
  }
}
