import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { until } from './wait.mjs';

/**
 * The private Redis: every write in the append-only file, nothing ever evicted.
 * @param {{ program: string, dataDir: string, port: number, durable?: boolean }} options `durable: false` leaves it to the
 *   kernel when the file reaches the disk: a killed process still loses nothing, a machine without power may
 * @returns {import('./part.mjs').PartSpec}
 */
export function redisPart({ program, dataDir, port, durable = true }) {
  const dir = `${dataDir}/redis`;
  const settings = {
    bind: '127.0.0.1',
    port: String(port),
    dir,
    appendonly: 'yes',
    appendfsync: durable ? 'everysec' : 'no',
    'maxmemory-policy': 'noeviction',
    save: '',
    daemonize: 'no',
    pidfile: '',
    logfile: '',
  };
  return {
    name: 'redis',
    title: 'Redis',
    invocation: () => {
      mkdirSync(dir, { recursive: true });
      return {
        command: program,
        args: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
        cwd: dir,
      };
    },
    ready: (signal, pid) =>
      until(() => answersAs(port, pid), { timeoutMs: 60_000, what: 'Redis did not answer', signal, everyMs: 50 }),
  };
}

/**
 * Whether the server on the port is that very process and has loaded its data: another Redis may sit on the port.
 * @param {number} port
 * @param {number} pid
 */
async function answersAs(port, pid) {
  const reply = await ask(port, 'PING\r\nINFO server\r\n', /process_id:\d+\r/);
  return reply.startsWith('+PONG') && reply.includes(`process_id:${pid}\r`);
}

/**
 * @param {number} port
 * @param {string} request
 * @param {RegExp} complete
 * @returns {Promise<string>}
 */
function ask(port, request, complete) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: 1000 });
    let reply = '';
    socket.on('connect', () => socket.write(request));
    socket.on('data', (chunk) => {
      reply += chunk.toString();
      if (complete.test(reply)) socket.end();
    });
    socket.on('timeout', () => socket.destroy(new Error('no answer within 1 s')));
    socket.on('error', reject);
    socket.on('close', () => resolve(reply));
  });
}
