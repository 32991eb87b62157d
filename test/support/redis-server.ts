import { ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from 'redis';
import { onTestFinished } from 'vitest';
import { eventually } from './eventually.js';

/** A private redis-server on a free port with its data in the temporary folder, for tests that break it. */
export class RedisServer {
  #process: ChildProcess | undefined;
  readonly #folder = mkdtempSync(join(tmpdir(), 'cart-redis-'));
  readonly #killAtExit = () => this.#process?.kill('SIGKILL');

  private constructor(
    readonly port: number,
    private readonly args: readonly string[],
  ) {
    process.once('exit', this.#killAtExit);
  }

  /** Starts one and waits until it answers. `args` are further settings, such as `['--appendonly', 'yes']`. */
  static async start(args: readonly string[] = []): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), args);
    await server.restart();
    return server;
  }

  /** One that ends with the running test, also when that hangs: a `finally` of its own would never run. */
  static async forTest(args: readonly string[] = []): Promise<RedisServer> {
    const server = await RedisServer.start(args);
    onTestFinished(() => server.stop());
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts it again on the same port and data. */
  async restart(): Promise<void> {
    const settings = ['--port', this.port, '--bind', '127.0.0.1', '--dir', this.#folder, '--save', ''].map(String);
    const more = ['--enable-debug-command', 'yes', ...this.args];
    // Debian's redis-tools holds the server under another name; the program looks at the name it is called by.
    const child = spawn(binary(), [...settings, ...more], { argv0: 'redis-server', stdio: 'ignore' });
    this.#process = child;
    await once(child, 'spawn');
    await eventually(() => this.#answers(), { intervalMs: 20 });
  }

  /** SIGKILL, as in a crash. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  /** SIGSTOP: the port stays open, the kernel takes connections and bytes, nobody answers. */
  pause(): void {
    this.#process?.kill('SIGSTOP');
  }

  resume(): void {
    this.#process?.kill('SIGCONT');
  }

  /** Ends it and removes its data. */
  async stop(): Promise<void> {
    await this.kill();
    process.off('exit', this.#killAtExit);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Records every command the server carries out, until `stop` is called. */
  async monitor(): Promise<{ lines: string[]; stop: () => void }> {
    const client = createClient({ url: this.url, RESP: 2 });
    client.on('error', () => undefined);
    await client.connect();
    const lines: string[] = [];
    await client.monitor((line) => lines.push(String(line)));
    return { lines, stop: () => client.destroy() };
  }

  async #answers(): Promise<boolean> {
    const client = createClient({ url: this.url, socket: { reconnectStrategy: false } });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return (await client.ping()) === 'PONG';
    } finally {
      client.destroy();
    }
  }
}

function binary(): string {
  try {
    return execFileSync('which', ['redis-server'], { encoding: 'utf8' }).trim();
  } catch {
    const tool = '/usr/bin/redis-check-rdb';
    if (existsSync(tool)) return tool;
    throw new Error('No redis-server here; on Debian: apt-get install redis-tools');
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
