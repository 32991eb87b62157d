import autocannon from 'autocannon';

/**
 * What the clients saw.
 * @typedef {object} LoadResult
 * @property {number} seconds from the first request to the last answer that counts
 * @property {number} answered
 * @property {number} ok answered with 2xx
 * @property {number} failed other answers, broken connections, time-outs
 * @property {number} p50 ms
 * @property {number} p99 ms
 */

/** Requests of one run at most, whatever the clock says. */
const MOST_REQUESTS = 500_000;
/** autocannon looks at its clock this often, ms. */
const SAMPLE_MS = 100;

/**
 * Keeps one request under way on each connection for so many seconds (a closed loop), from this process.
 * @param {string} url
 * @param {import('./targets.mjs').Request[][]} requests the list of each connection, repeated
 * @param {{ seconds: number, signal: AbortSignal, onStart: () => void }} options `onStart` is called when the clock starts
 * @returns {Promise<LoadResult>}
 */
export async function load(url, requests, { seconds, signal, onStart }) {
  signal.throwIfAborted();
  let connection = 0;
  const run = autocannon({
    url,
    connections: requests.length,
    duration: seconds,
    maxOverallRequests: MOST_REQUESTS,
    sampleInt: SAMPLE_MS,
    setupClient: (/** @type {any} */ client) => client.setRequests(requests[connection++]),
  });
  const stop = () => run.stop();
  signal.addEventListener('abort', stop, { once: true });

  /** autocannon's own histogram knows whole milliseconds only. @type {number[]} */
  const times = [];
  let ok = 0;
  let first = 0;
  let last = 0;
  run.once('start', () => {
    first = performance.now();
    onStart();
  });
  run.on('response', (_client, status, _bytes, ms) => {
    times.push(ms);
    if (status >= 200 && status < 300) ok += 1;
    last = performance.now();
  });
  const { errors } = await run;
  signal.removeEventListener('abort', stop);
  signal.throwIfAborted();

  const sorted = Float64Array.from(times).sort();
  const at = (/** @type {number} */ part) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN;
  return {
    seconds: (last - first) / 1000,
    answered: times.length,
    ok,
    failed: times.length - ok + errors,
    p50: at(0.5),
    p99: at(0.99),
  };
}
