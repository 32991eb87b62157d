import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { appendFileSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The part of the launcher's admin module that tests use; it is JavaScript, so its types are told here. */
interface Admin {
  createTopic(namesrv: string, topic: string, options?: { queues?: number }): Promise<void>;
  deleteTopic(namesrv: string, topic: string): Promise<void>;
  createGroup(namesrv: string, group: string, options?: { order?: boolean; retryMaxTimes?: number }): Promise<void>;
  messageCount(namesrv: string, topic: string): Promise<number>;
}

interface Part {
  invocation(): { command: string; args: string[]; cwd: string };
  ready(signal: AbortSignal): Promise<unknown>;
}

type Ports = Record<'namesrv' | 'broker' | 'brokerHa' | 'proxy' | 'proxyRemoting', number>;
interface PartOptions {
  java: string;
  jars: string;
  dataDir: string;
  ports: Ports;
}

interface Launcher {
  FAST_PORT_OFFSET: number;
  namesrvPart(options: PartOptions): Part;
  brokerPart(options: PartOptions): Part;
}

const admin = await tool<Admin>('rocketmq-admin.mjs');

async function tool<T>(file: string): Promise<T> {
  return (await import(new URL(`../../tools/lib/${file}`, import.meta.url).href)) as T;
}

/** Where a broker is, and how to make names on it that no other test uses. */
export class BrokerAddress {
  constructor(
    /** `host:port` of the gRPC proxy. */
    readonly endpoints: string,
    /** `host:port` of the name server. */
    readonly namesrv: string,
  ) {}

  async newTopic(queues = 4): Promise<string> {
    const topic = `test-${randomUUID()}`;
    await this.createTopic(topic, queues);
    return topic;
  }

  async newGroup(options: { retryMaxTimes?: number } = {}): Promise<string> {
    const group = `test-${randomUUID()}`;
    await this.createGroup(group, options);
    return group;
  }

  createTopic(topic: string, queues = 4): Promise<void> {
    return admin.createTopic(this.namesrv, topic, { queues });
  }

  deleteTopic(topic: string): Promise<void> {
    return admin.deleteTopic(this.namesrv, topic);
  }

  createGroup(group: string, options: { retryMaxTimes?: number } = {}): Promise<void> {
    return admin.createGroup(this.namesrv, group, options);
  }

  /** How many messages the broker has ever stored in the topic. */
  messageCount(topic: string): Promise<number> {
    return admin.messageCount(this.namesrv, topic);
  }
}

/** The broker that all tests share. Without one they fail: a test that is skipped proves nothing. */
export function sharedBroker(): BrokerAddress {
  return new BrokerAddress(setting('ROCKETMQ_ENDPOINTS'), setting('ROCKETMQ_NAMESRV'));
}

function setting(name: string): string {
  const value = process.env[name];
  if (!value) {
    throw new Error(`${name} is not set: run the tests with \`npm test\`, which starts a broker`);
  }
  return value;
}

/** A broker for one test file, which may kill, pause and restart it. */
export class PrivateBroker extends BrokerAddress {
  #namesrv: ChildProcess | undefined;
  #broker: ChildProcess | undefined;

  private constructor(
    private readonly launcher: Launcher,
    private readonly options: PartOptions,
    private readonly settings: Record<string, string | number>,
  ) {
    super(`127.0.0.1:${options.ports.proxy}`, `127.0.0.1:${options.ports.namesrv}`);
  }

  /** Ports and folders are chosen, nothing runs yet. `settings` are added to the broker's own. */
  static async prepare(settings: Record<string, string | number> = {}): Promise<PrivateBroker> {
    const launcher = await tool<Launcher>('rocketmq.mjs');
    const tools = await tool<{ choosePorts(file: string, wanted: object): Promise<Ports> }>('ports.mjs');
    const dataDir = mkdtempSync(join(tmpdir(), 'test-broker-'));
    const alone = [0];
    const wanted = { namesrv: alone, broker: [0, launcher.FAST_PORT_OFFSET], brokerHa: alone };
    const ports = await tools.choosePorts(join(dataDir, 'ports.json'), {
      ...wanted,
      proxy: alone,
      proxyRemoting: alone,
    });
    return new PrivateBroker(launcher, { java: 'java', jars: setting('ROCKETMQ_LIB'), dataDir, ports }, settings);
  }

  /** Starts what is not running, with the data of the last run, and waits until it serves. */
  async start(): Promise<this> {
    this.#namesrv ??= await this.#launch(this.launcher.namesrvPart(this.options), {});
    this.#broker ??= await this.#launch(this.launcher.brokerPart(this.options), this.settings);
    return this;
  }

  /** `kill -9` of broker and proxy, which are one process. */
  async kill(): Promise<void> {
    const broker = this.#broker;
    this.#broker = undefined;
    await endNow(broker);
  }

  /** Whether the group's place in the topic is on disk, where a crash cannot take it; the broker writes it each 5 s. */
  hasStoredOffset(topic: string, group: string): boolean {
    const file = join(this.options.dataDir, 'rocketmq/store/config/consumerOffset.json');
    return existsSync(file) && readFileSync(file, 'utf8').includes(`"${topic}@${group}"`);
  }

  /** The process stands still: its connections stay open and nobody answers. */
  pause(): void {
    this.#broker?.kill('SIGSTOP');
  }

  resume(): void {
    this.#broker?.kill('SIGCONT');
  }

  /** Ends everything and removes the data. */
  async remove(): Promise<void> {
    await Promise.all([this.kill(), endNow(this.#namesrv)]);
    this.#namesrv = undefined;
    rmSync(this.options.dataDir, { recursive: true, force: true });
  }

  async #launch(part: Part, settings: Record<string, string | number>): Promise<ChildProcess> {
    const { command, args, cwd } = part.invocation();
    for (const [name, value] of Object.entries(settings)) {
      appendFileSync(join(this.options.dataDir, 'rocketmq', 'broker.conf'), `${name}=${value}\n`);
    }
    const log = openSync(join(this.options.dataDir, 'out.log'), 'a');
    const child = spawn(command, args, { cwd, stdio: ['ignore', log, log] });
    const endWithUs = () => child.kill('SIGKILL');
    process.once('exit', endWithUs);
    child.once('exit', () => process.off('exit', endWithUs));
    try {
      await part.ready(new AbortController().signal);
    } catch (error) {
      await endNow(child);
      throw error;
    }
    return child;
  }
}

async function endNow(child: ChildProcess | undefined): Promise<void> {
  if (child && child.exitCode === null && child.signalCode === null) {
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }
}
