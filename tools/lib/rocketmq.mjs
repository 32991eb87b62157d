import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect } from 'node:net';
import { Failure } from './failure.mjs';
import { brokers, createGroup, createTopic, groupConfig, topicConfig } from './rocketmq-admin.mjs';
import { until } from './wait.mjs';

/**
 * @typedef {import('./part.mjs').PartSpec} PartSpec
 * @typedef {{ namesrv: number, broker: number, brokerHa: number, proxy: number, proxyRemoting: number }} RocketmqPorts
 * @typedef {{ java: string, jars: string, dataDir: string, ports: RocketmqPorts }} RocketmqOptions
 */

const LOOPBACK = fileURLToPath(new URL('../rocketmq/Loopback.java', import.meta.url));
const QUEUES = 4;
/** A message is the only copy on its way to MySQL: while MySQL is away it must never end as a dead letter of the broker. */
const RETRIES = 10_000;

/** The broker listens on a second port, this far from its first. */
export const FAST_PORT_OFFSET = -2;

/** @param {RocketmqOptions} options @returns {PartSpec} */
export function namesrvPart(options) {
  const { ports } = options;
  const home = folder(options);
  return {
    name: 'namesrv',
    title: 'RocketMQ name server',
    // It keeps nothing: brokers register again with its successor.
    stopSignal: 'SIGKILL',
    invocation: () => {
      const config = writeProperties(join(home, 'namesrv.conf'), {
        listenPort: ports.namesrv,
        bindAddress: '127.0.0.1',
        kvConfigPath: join(home, 'namesrv', 'kvConfig.json'),
        configStorePath: join(home, 'namesrv', 'namesrv.properties'),
        defaultThreadPoolNums: 2,
        clientRequestThreadPoolNums: 2,
      });
      return jvm(options, 96, 'org.apache.rocketmq.namesrv.NamesrvStartup', ['-c', config]);
    },
    ready: (signal) =>
      until(() => accepts(ports.namesrv), {
        timeoutMs: 60_000,
        what: 'The RocketMQ name server did not answer',
        signal,
      }),
  };
}

/** Broker and gRPC proxy in one JVM. @param {RocketmqOptions} options @returns {PartSpec} */
export function brokerPart(options) {
  const { ports } = options;
  const home = folder(options);
  const store = join(home, 'store');
  return {
    name: 'broker',
    title: 'RocketMQ broker',
    // The broker removes this mark once its store is closed; what it does after that is fixed waiting for seconds.
    quiet: () => existsSync(store) && !existsSync(join(store, 'abort')),
    invocation: () => {
      const broker = writeProperties(join(home, 'broker.conf'), brokerSettings(ports, store));
      const proxy = join(home, 'rmq-proxy.json');
      writeFileSync(proxy, JSON.stringify(proxySettings(ports), null, 2));
      const namesrv = `127.0.0.1:${ports.namesrv}`;
      const args = ['-pm', 'local', '-n', namesrv, '-bc', broker, '-pc', proxy];
      return jvm(options, 384, 'org.apache.rocketmq.proxy.ProxyStartup', args, loopback(options));
    },
    ready: (signal) =>
      until(async () => (await accepts(ports.proxy)) && (await isRegistered(ports)), {
        timeoutMs: 120_000,
        what: 'The RocketMQ broker did not come up',
        signal,
        everyMs: 200,
      }),
  };
}

/** @param {RocketmqPorts} ports */
async function isRegistered(ports) {
  return (await brokers(`127.0.0.1:${ports.namesrv}`)).includes(`127.0.0.1:${ports.broker}`);
}

/** @param {RocketmqPorts} ports @param {string} store */
function brokerSettings(ports, store) {
  const few = (/** @type {string[]} */ names) =>
    Object.fromEntries(names.map((name) => [`${name}ThreadPoolNums`, name.endsWith('Message') ? 4 : 2]));
  return {
    brokerClusterName: 'private',
    brokerName: 'private',
    brokerId: 0,
    brokerIP1: '127.0.0.1',
    brokerIP2: '127.0.0.1',
    bindAddress: '127.0.0.1',
    listenPort: ports.broker,
    haListenPort: ports.brokerHa,
    namesrvAddr: `127.0.0.1:${ports.namesrv}`,
    registerNameServerPeriod: 10_000,
    autoCreateTopicEnable: false,
    autoCreateSubscriptionGroup: false,
    storePathRootDir: store,
    storePathCommitLog: join(store, 'commitlog'),
    mappedFileSizeCommitLog: 64 * 1024 * 1024,
    mappedFileSizeTimerLog: 16 * 1024 * 1024,
    maxHashSlotNum: 50_000,
    maxIndexNum: 200_000,
    // By default a disk that is 85 % full, which says nothing about our few megabytes, makes the broker delete messages.
    diskMaxUsedSpaceRatio: 95,
    diskSpaceCleanForciblyRatio: 98,
    diskSpaceWarningLevelRatio: 99,
    // Idle, these would burn a third of a core.
    timerFlushIntervalMs: 30_000,
    reviveQueueNum: 1,
    // The broker's start spins on one core for this long (default 3 s) before its first flush.
    transactionMetricFlushInterval: 1000,
    // A busy machine may let a send wait longer than 200 ms.
    waitTimeMillsInSendQueue: 2000,
    ...few(['sendMessage', 'pullMessage', 'ackMessage', 'litePullMessage', 'processReplyMessage', 'queryMessage']),
    ...few(['putMessageFuture', 'adminBroker', 'clientManage', 'consumerManage', 'heartbeat', 'endTransaction']),
    ...few(['loadBalanceProcessor', 'recover']),
    serverWorkerThreads: 2,
    serverCallbackExecutorThreads: 2,
    serverSelectorThreads: 2,
  };
}

/** @param {RocketmqPorts} ports */
function proxySettings(ports) {
  const few = ['grpc', 'grpcProducer', 'grpcConsumer', 'producerProcessor', 'consumerProcessor'];
  const fewer = ['grpcRoute', 'grpcClientManager', 'grpcTransaction', 'topicRouteService', 'metadata', 'renew'];
  const one = ['Heartbeat', 'TopicRoute', 'SendMessage', 'PullMessage', 'UpdateOffset', 'Default'];
  return {
    rocketMQClusterName: 'private',
    proxyMode: 'local',
    namesrvAddr: `127.0.0.1:${ports.namesrv}`,
    localServeAddr: '127.0.0.1',
    grpcServerPort: ports.proxy,
    remotingListenPort: ports.proxyRemoting,
    grpcBossLoopNum: 1,
    grpcWorkerLoopNum: 2,
    renewMaxThreadPoolNums: 2,
    returnHandleGroupThreadPoolNums: 1,
    ...Object.fromEntries(few.map((name) => [`${name}ThreadPoolNums`, 4])),
    ...Object.fromEntries(fewer.map((name) => [`${name}ThreadPoolNums`, 2])),
    ...Object.fromEntries(one.map((name) => [`remoting${name}ThreadPoolNums`, 1])),
  };
}

/** @param {RocketmqOptions} options */
function folder({ dataDir }) {
  return join(dataDir, 'rocketmq');
}

/** @param {string} file @param {Record<string, string | number | boolean>} settings */
function writeProperties(file, settings) {
  mkdirSync(join(file, '..'), { recursive: true });
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${escapeProperty(String(value))}\n`);
  writeFileSync(file, lines.join(''));
  return file;
}

/** Java reads property files as Latin-1 with backslash escapes. @param {string} value */
export function escapeProperty(value) {
  return value
    .replace(/\\/g, '\\\\')
    .replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/**
 * The folder of the class that keeps a process on loopback, made with Java's own compiler once for a data folder. A Java
 * without one has its servers listen on all addresses; then messages still need the key to count.
 * @param {RocketmqOptions} options
 */
function loopback(options) {
  const classes = join(folder(options), 'loopback');
  if (existsSync(join(classes, 'Loopback.class'))) return classes;
  const args = ['-m', 'jdk.compiler/com.sun.tools.javac.Main', '-d', classes, LOOPBACK];
  const { status } = spawnSync(options.java, args, { stdio: 'ignore', timeout: 60_000 });
  if (status === 0) return classes;
  process.stderr.write('This Java has no compiler: the broker listens on all addresses.\n');
  return undefined;
}

/**
 * @param {RocketmqOptions} options
 * @param {number} heapMb
 * @param {string} main
 * @param {string[]} args
 * @param {string} [wrapper] the folder of `Loopback`, which then runs `main`
 */
function jvm(options, heapMb, main, args, wrapper) {
  const home = folder(options);
  const temporary = join(home, 'tmp', main.slice(main.lastIndexOf('.') + 1));
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary, { recursive: true });
  const opened = ['java.nio', 'sun.nio.ch', 'java.lang', 'java.util', 'java.net'];
  return {
    command: options.java,
    args: [
      `-Xms${heapMb}m`,
      `-Xmx${heapMb}m`,
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      '-XX:-UsePerfData',
      '-XX:+ExitOnOutOfMemoryError',
      '--add-exports=java.base/jdk.internal.ref=ALL-UNNAMED',
      ...opened.map((name) => `--add-opens=java.base/${name}=ALL-UNNAMED`),
      '-Dfile.encoding=UTF-8',
      // Logs and the client's files go below user.home: nothing of ours in the real home.
      `-Duser.home=${home}`,
      `-Djava.io.tmpdir=${temporary}`,
      `-Drocketmq.home.dir=${home}`,
      // On loopback only: making the self-signed certificates would take six CPU seconds of each start.
      '-Dtls.server.mode=disabled',
      '-Dtls.test.mode.enable=false',
      '-cp',
      [join(options.jars, '*'), ...(wrapper ? [wrapper] : [])].join(delimiter),
      ...(wrapper ? ['Loopback'] : []),
      main,
      ...args,
    ],
    cwd: home,
    // Without a UTF-8 locale Java cannot open a path that is not ASCII.
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
  };
}

/** @param {number} port @returns {Promise<boolean>} */
function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: 1000 });
    const done = (/** @type {boolean} */ open) => {
      socket.destroy();
      resolve(open);
    };
    socket.once('connect', () => done(true));
    socket.once('timeout', () => done(false));
    socket.once('error', () => done(false));
  });
}

/**
 * Makes topics and consumer groups that are missing or differ, then checks what the broker holds.
 * @param {RocketmqPorts} ports
 * @param {{ topics: string[], groups: string[] }} names
 * @returns {Promise<boolean>} whether anything had to be made
 * @throws {Failure} when the broker keeps another setting
 */
export async function provision(ports, names) {
  const namesrv = `127.0.0.1:${ports.namesrv}`;
  const wrong = await settingFaults(ports, names);
  if (wrong.length === 0) return false;
  for (const topic of names.topics) await createTopic(namesrv, topic, { queues: QUEUES });
  for (const group of names.groups) await createGroup(namesrv, group, { retryMaxTimes: RETRIES });
  const still = await settingFaults(ports, names);
  if (still.length > 0) throw new Failure(`RocketMQ keeps wrong settings: ${still.join('; ')}`);
  return true;
}

/** @param {RocketmqPorts} ports @param {{ topics: string[], groups: string[] }} names @returns {Promise<string[]>} */
async function settingFaults(ports, { topics, groups }) {
  const broker = `127.0.0.1:${ports.broker}`;
  const faults = await Promise.all([
    ...topics.map((topic) => topicFaults(broker, topic)),
    ...groups.map((group) => groupFaults(broker, group)),
  ]);
  return faults.flat().filter((fault) => fault !== false);
}

/** @param {string} broker @param {string} topic */
async function topicFaults(broker, topic) {
  const found = await topicConfig(broker, topic);
  if (found === null) return [`topic ${topic} is missing`];
  const type = found.attributes['message.type'];
  return [
    type !== 'NORMAL' && `topic ${topic} is of type ${type ?? 'unknown'}, not NORMAL`,
    (found.readQueueNums < QUEUES || found.writeQueueNums < QUEUES) && `topic ${topic} has too few queues`,
    found.perm !== 6 && `topic ${topic} may not be both read and written`,
  ];
}

/** @param {string} broker @param {string} group */
async function groupFaults(broker, group) {
  const found = await groupConfig(broker, group);
  if (found === null) return [`consumer group ${group} is missing`];
  return [
    !found.consumeEnable && `consumer group ${group} may not consume`,
    found.consumeMessageOrderly && `consumer group ${group} is ordered`,
    found.retryMaxTimes < RETRIES && `consumer group ${group} gives up after ${found.retryMaxTimes} retries`,
  ];
}
