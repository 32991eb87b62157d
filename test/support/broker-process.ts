import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { eventually } from './eventually.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const sources = join(root, 'libs/rocketmq/src');

/** Uses server and client, closes both when told to, and does not call process.exit. */
const MAIN = `
import { Logger } from '@nestjs/common';
import { RocketmqClient, RocketmqServer } from './lib/index.js';
Logger.overrideLogger(['error']);
const [endpoints, topic, group] = process.argv.slice(2);
const client = new RocketmqClient({ endpoints, topic });
const server = new RocketmqServer({ endpoints, topic, group });
server.addHandler('made', async () => console.log('handled'), true);
server.listen(() => undefined);
await client.emitMany('made', [1]);
process.stdin.once('data', async () => {
  await Promise.all([server.close(), client.close()]);
  console.log('closed');
  process.stdin.destroy();
});
`;

/** A process of its own that uses the library, as compiled, under plain Node and with a home folder of its own. */
export class BrokerProcess {
  readonly #folder = mkdtempSync(join(tmpdir(), 'broker-process-'));
  #child: ChildProcessWithoutNullStreams | undefined;
  #output = '';

  /** Starts it and waits until an event has gone the whole way. */
  async start(endpoints: string, topic: string, group: string): Promise<this> {
    this.#compile();
    const child = spawn(process.execPath, [join(this.#folder, 'main.js'), endpoints, topic, group], {
      env: { PATH: process.env['PATH'], HOME: this.#home },
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (this.#output += chunk.toString()));
    }
    await eventually(() => this.#output.includes('handled') || Promise.reject(new Error(this.#output)));
    return this;
  }

  /** Tells it to close and waits for its own end. */
  async end(): Promise<{ code: number; output: string; filesInHome: string[] }> {
    const child = this.#child as ChildProcessWithoutNullStreams;
    const exited = once(child, 'exit');
    child.stdin.write('close\n');
    const [code] = (await exited) as [number];
    return { code, output: this.#output, filesInHome: readdirSync(this.#home, { recursive: true }).map(String) };
  }

  remove(): void {
    this.#child?.kill('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #home(): string {
    return join(this.#folder, 'home');
  }

  #compile(): void {
    const lib = join(this.#folder, 'lib');
    mkdirSync(lib);
    mkdirSync(this.#home);
    symlinkSync(join(root, 'node_modules'), join(this.#folder, 'node_modules'));
    writeFileSync(join(this.#folder, 'package.json'), '{"type":"module"}');
    writeFileSync(join(this.#folder, 'main.js'), MAIN);
    const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (file) => readFileSync(file, 'utf8'));
    const { options } = ts.convertCompilerOptionsFromJson({ ...config.compilerOptions, module: 'esnext' }, root);
    for (const file of readdirSync(sources).filter((name) => !name.includes('.spec.'))) {
      const source = readFileSync(join(sources, file), 'utf8');
      const { outputText } = ts.transpileModule(source, { compilerOptions: options, fileName: join(sources, file) });
      writeFileSync(join(lib, file.replace(/\.ts$/, '.js')), outputText);
    }
  }
}
