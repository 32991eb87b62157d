import { setTimeout as sleep } from 'node:timers/promises';

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 2_000;
/** The service could not be asked, or asks to be asked again: nothing is known about what it did. */
const TRY_AGAIN = new Set([502, 503, 504]);

/**
 * @typedef {object} Answer
 * @property {number} status
 * @property {any} body parsed JSON, or undefined
 * @property {string | null} clientCartId re-signed guest token
 * @property {boolean} replayed the result of an earlier request with the same key
 * @property {number} retryAfterMs
 *
 * @typedef {object} Call
 * @property {Record<string, string>} [headers]
 * @property {unknown} [body]
 */

/** No answer came: refused, reset, timed out, cut off in the middle, or a 503. The outcome of a write is unknown. */
export class NoAnswer extends Error {}

/** Waits with back-off between attempts at one thing, and gives up when its time is over. */
export class Patience {
  /** @param {number} totalMs */
  constructor(totalMs) {
    this.deadline = Date.now() + totalMs;
    this.waitMs = FIRST_WAIT_MS;
  }

  /**
   * @param {string} reason told when the time is over
   * @param {number} [atLeastMs]
   */
  async wait(reason, atLeastMs = 0) {
    if (Date.now() >= this.deadline) throw new Error(`gave up waiting: ${reason}`);
    await sleep(Math.min(Math.max(this.waitMs, atLeastMs), LONGEST_WAIT_MS));
    this.waitMs = Math.min(this.waitMs * 2, LONGEST_WAIT_MS);
  }
}

/** JSON over HTTP to the service, wherever it is at the moment: a restart may have moved it. */
export class Client {
  /** @param {{ url: () => string, timeoutMs?: number, patienceMs?: number }} options */
  constructor({ url, timeoutMs = 15_000, patienceMs = 120_000 }) {
    this.url = url;
    this.timeoutMs = timeoutMs;
    this.patienceMs = patienceMs;
    this.calls = 0;
    this.waits = 0;
  }

  patience(totalMs = this.patienceMs) {
    return new Patience(totalMs);
  }

  /**
   * One attempt. Throws {@link NoAnswer}.
   * @param {string} method
   * @param {string} path
   * @param {Call} [call]
   * @returns {Promise<Answer>}
   */
  async send(method, path, { headers = {}, body } = {}) {
    this.calls += 1;
    const answer = await this.#fetch(method, path, headers, body);
    if (TRY_AGAIN.has(answer.status)) throw new NoAnswer(`${answer.status} ${answer.body?.code ?? ''}`);
    return answer;
  }

  /**
   * Repeats a call that may be made twice without harm until it is answered.
   * @param {string} method
   * @param {string} path
   * @param {Call & { accept?: (answer: Answer) => boolean }} [call] `accept` false: the answer is one to wait out
   * @returns {Promise<Answer>}
   */
  async insist(method, path, { accept = () => true, ...call } = {}) {
    const patience = this.patience();
    for (;;) {
      let reason = 'the answer is a stand-in';
      try {
        const answer = await this.send(method, path, call);
        if (answer.status !== 429 && accept(answer)) return answer;
      } catch (error) {
        if (!(error instanceof NoAnswer)) throw error;
        reason = error.message;
      }
      this.waits += 1;
      await patience.wait(`${method} ${path}: ${reason}`);
    }
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {Record<string, string>} headers
   * @param {unknown} body
   */
  async #fetch(method, path, headers, body) {
    try {
      const response = await fetch(new URL(path, this.url()), {
        method,
        headers: body === undefined ? headers : { 'content-type': 'application/json', ...headers },
        body: body === undefined ? undefined : JSON.stringify(body),
        signal: AbortSignal.timeout(this.timeoutMs),
      });
      const text = await response.text();
      return {
        status: response.status,
        body: text === '' ? undefined : JSON.parse(text),
        clientCartId: response.headers.get('x-client-cart-id'),
        replayed: response.headers.get('idempotent-replayed') === 'true',
        retryAfterMs: Number(response.headers.get('retry-after') ?? 0) * 1000,
      };
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      throw new NoAnswer(cause instanceof Error ? cause.message : String(cause));
    }
  }
}
