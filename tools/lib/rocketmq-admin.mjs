/**
 * The few admin commands we need, spoken to RocketMQ directly over its remoting protocol: a frame is its length, the
 * length of its JSON header, the header, a body. `mqadmin` does the same but costs two CPU seconds of JVM start a call.
 */
import { connect } from 'node:net';

const CODE = {
  createTopic: 17,
  maxOffset: 30,
  clusterInfo: 106,
  createGroup: 200,
  deleteTopic: 215,
  topicConfig: 351,
  groupConfig: 352,
};
const TOPIC_NOT_EXIST = 17;
const GROUP_NOT_EXIST = 26;
const READ_AND_WRITE = '6';

/**
 * @typedef {{ queues?: number, type?: 'NORMAL' | 'FIFO' | 'DELAY' | 'TRANSACTION' }} TopicOptions
 * @typedef {{ order?: boolean, retryMaxTimes?: number }} GroupOptions
 * @typedef {{ code: number, remark: string, fields: Record<string, string>, body: any }} Answer
 */

/** RocketMQ refused an admin command or did not answer it. */
export class RocketmqAdminError extends Error {}

/**
 * @param {string} address `host:port` of a name server or a broker
 * @param {number} code
 * @param {{ fields?: Record<string, string>, body?: unknown, timeoutMs?: number }} [request]
 * @returns {Promise<Answer>}
 * @throws {RocketmqAdminError} when there is no answer in time
 */
function call(address, code, { fields = {}, body, timeoutMs = 5000 } = {}) {
  const [host, port] = splitAddress(address);
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: timeoutMs });
    let received = Buffer.alloc(0);
    const fail = (/** @type {string} */ why) =>
      reject(new RocketmqAdminError(`RocketMQ at ${address} gave no answer to command ${code}: ${why}`));
    socket.on('connect', () => socket.write(encode(code, fields, body)));
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 4 || received.length < 4 + received.readUInt32BE(0)) return;
      socket.destroy();
      resolve(decode(received));
    });
    socket.on('timeout', () => socket.destroy(new Error(`none within ${timeoutMs} ms`)));
    socket.on('error', (error) => fail(error.message));
    socket.on('close', () => fail('the connection was closed'));
  });
}

/** @param {string} address @returns {[string, number]} */
function splitAddress(address) {
  const colon = address.lastIndexOf(':');
  return [address.slice(0, colon), Number(address.slice(colon + 1))];
}

/** @param {number} code @param {Record<string, string>} fields @param {unknown} body */
export function encode(code, fields, body) {
  const header = Buffer.from(
    JSON.stringify({
      code,
      language: 'OTHER',
      version: 0,
      opaque: 1,
      flag: 0,
      extFields: fields,
      serializeTypeCurrentRPC: 'JSON',
    }),
  );
  const content = Buffer.from(body === undefined ? '' : JSON.stringify(body));
  const lengths = Buffer.alloc(8);
  lengths.writeUInt32BE(4 + header.length + content.length, 0);
  lengths.writeUInt32BE(header.length, 4);
  return Buffer.concat([lengths, header, content]);
}

/** @param {Buffer} frame @returns {Answer} */
export function decode(frame) {
  const headerEnd = 8 + (frame.readUInt32BE(4) & 0xffffff);
  const header = JSON.parse(frame.subarray(8, headerEnd).toString());
  const text = frame.subarray(headerEnd, 4 + frame.readUInt32BE(0)).toString();
  return {
    code: header.code,
    remark: header.remark ?? '',
    fields: header.extFields ?? {},
    // The server writes number keys without quotes: {0:"…"}.
    body: text === '' ? undefined : JSON.parse(text.replace(/([{,])(-?\d+):/g, '$1"$2":')),
  };
}

/** @param {string} what @param {Answer} answer */
function accepted(what, answer) {
  if (answer.code !== 0) throw new RocketmqAdminError(`${what}: ${answer.remark || `code ${answer.code}`}`);
  return answer;
}

/**
 * The master brokers a name server knows.
 * @param {string} namesrv `host:port`
 * @returns {Promise<string[]>} their addresses
 */
export async function brokers(namesrv) {
  const { body } = accepted('cluster info', await call(namesrv, CODE.clusterInfo));
  return Object.values(body?.brokerAddrTable ?? {}).flatMap((broker) => broker.brokerAddrs['0'] ?? []);
}

/** @param {string} namesrv */
async function someBrokers(namesrv) {
  const found = await brokers(namesrv);
  if (found.length === 0) throw new RocketmqAdminError(`No broker has registered with the name server ${namesrv}.`);
  return found;
}

/**
 * Creates a topic, or changes it to these settings.
 * @param {string} namesrv `host:port`
 * @param {string} topic
 * @param {TopicOptions} [options] 4 queues of type NORMAL unless told otherwise
 */
export async function createTopic(namesrv, topic, { queues = 4, type = 'NORMAL' } = {}) {
  for (const broker of await someBrokers(namesrv)) {
    const known = (await topicConfig(broker, topic)) !== null;
    const fields = {
      topic,
      defaultTopic: 'TBW102',
      readQueueNums: String(queues),
      writeQueueNums: String(queues),
      perm: READ_AND_WRITE,
      topicFilterType: 'SINGLE_TAG',
      topicSysFlag: '0',
      order: 'false',
      // The type of an existing topic cannot be changed, and is refused when named again.
      ...(known ? {} : { attributes: `+message.type=${type}` }),
    };
    accepted(`topic ${topic}`, await call(broker, CODE.createTopic, { fields }));
  }
}

/** @param {string} namesrv @param {string} topic */
export async function deleteTopic(namesrv, topic) {
  for (const broker of await someBrokers(namesrv)) {
    accepted(`topic ${topic}`, await call(broker, CODE.deleteTopic, { fields: { topic } }));
  }
}

/**
 * Creates a consumer group, or changes it to these settings.
 * @param {string} namesrv `host:port`
 * @param {string} group
 * @param {GroupOptions} [options] not ordered, and 16 retries as by RocketMQ's default, unless told otherwise
 */
export async function createGroup(namesrv, group, { order = false, retryMaxTimes = 16 } = {}) {
  for (const broker of await someBrokers(namesrv)) {
    const body = {
      groupName: group,
      consumeEnable: true,
      consumeFromMinEnable: true,
      consumeBroadcastEnable: false,
      consumeMessageOrderly: order,
      retryQueueNums: 1,
      retryMaxTimes,
      brokerId: 0,
      whichBrokerWhenConsumeSlowly: 1,
      notifyConsumerIdsChangedEnable: true,
    };
    accepted(`consumer group ${group}`, await call(broker, CODE.createGroup, { body }));
  }
}

/**
 * @param {string} broker `host:port`
 * @param {string} topic
 * @returns {Promise<{ readQueueNums: number, writeQueueNums: number, perm: number, attributes: Record<string, string> } | null>} null when there is none
 */
export async function topicConfig(broker, topic) {
  const answer = await call(broker, CODE.topicConfig, { fields: { topic, lo: 'true' } });
  return answer.code === TOPIC_NOT_EXIST ? null : accepted(`topic ${topic}`, answer).body;
}

/**
 * @param {string} broker `host:port`
 * @param {string} group
 * @returns {Promise<{ consumeEnable: boolean, consumeMessageOrderly: boolean, retryMaxTimes: number } | null>} null when there is none
 */
export async function groupConfig(broker, group) {
  const answer = await call(broker, CODE.groupConfig, { fields: { group } });
  return answer.code === GROUP_NOT_EXIST ? null : accepted(`consumer group ${group}`, answer).body;
}

/**
 * How many messages the brokers have ever stored in a topic: the sum of the largest offset of each queue. It only grows.
 * @param {string} namesrv `host:port`
 * @param {string} topic
 * @returns {Promise<number>}
 * @throws {RocketmqAdminError} when the topic does not exist
 */
export async function messageCount(namesrv, topic) {
  let total = 0;
  for (const broker of await someBrokers(namesrv)) {
    const config = await topicConfig(broker, topic);
    if (config === null) throw new RocketmqAdminError(`There is no topic ${topic}.`);
    for (let queue = 0; queue < config.writeQueueNums; queue += 1) {
      const fields = { topic, queueId: String(queue), lo: 'true' };
      total += Number(accepted(`topic ${topic}`, await call(broker, CODE.maxOffset, { fields })).fields['offset']);
    }
  }
  return total;
}
