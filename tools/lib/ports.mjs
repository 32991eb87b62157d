import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { Failure } from './failure.mjs';
import { readJson, writeJson } from './json-file.mjs';

/**
 * Whether nobody listens there. The wildcard address is tried as well: some servers cannot be told to bind loopback.
 * @param {number} port
 * @param {string[]} [hosts]
 */
export async function isFree(port, hosts = ['127.0.0.1', '0.0.0.0']) {
  for (const host of hosts) {
    const free = await new Promise((resolve) => {
      const server = createServer();
      // Another fault, such as a port that only root may use, is for the server itself to tell.
      server.once('error', (/** @type {NodeJS.ErrnoException} */ { code }) => resolve(code !== 'EADDRINUSE'));
      server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
    });
    if (!free) return false;
  }
  return true;
}

/**
 * Ports below the system's ephemeral range: an outgoing connection can never take one while its server restarts.
 * @param {string} [range] text of ip_local_port_range
 * @returns {{ low: number, high: number }} both inclusive
 */
export function quietRange(range = ephemeralRange()) {
  const first = Number(range.trim().split(/\s+/)[0]);
  return Number.isInteger(first) && first >= 12_000 ? { low: 10_000, high: first - 1 } : { low: 10_000, high: 32_767 };
}

function ephemeralRange() {
  try {
    return readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8');
  } catch {
    return '';
  }
}

/**
 * The ports of the named parts, as in the last start when they are still free, else chosen anew; kept in the file.
 * @template {string} N
 * @param {string} file
 * @param {Record<N, number[]>} wanted per name: the offsets that must be free too (`[0]` for the port alone)
 * @param {(port: number) => Promise<boolean>} [free]
 * @returns {Promise<Record<N, number>>}
 */
export async function choosePorts(file, wanted, free = isFree) {
  const known = readJson(file) ?? {};
  /** @type {Record<string, number>} */
  const chosen = {};
  const taken = new Set();
  for (const [name, offsets] of /** @type {[string, number[]][]} */ (Object.entries(wanted))) {
    const fits = async (/** @type {number} */ port) => {
      const all = offsets.map((offset) => port + offset);
      if (all.some((one) => taken.has(one))) return false;
      for (const one of all) if (!(await free(one))) return false;
      for (const one of all) taken.add(one);
      return true;
    };
    chosen[name] = Number.isInteger(known[name]) && (await fits(known[name])) ? known[name] : await pick(fits);
  }
  writeJson(file, { ...known, ...chosen });
  return /** @type {Record<N, number>} */ (chosen);
}

/** @param {(port: number) => Promise<boolean>} fits */
async function pick(fits) {
  const { low, high } = quietRange();
  for (let attempt = 0; attempt < 500; attempt += 1) {
    const port = low + Math.floor(Math.random() * (high - low + 1));
    if (await fits(port)) return port;
  }
  throw new Failure(`No free port was found between ${low} and ${high}.`);
}
