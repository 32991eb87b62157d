import { ProblemError, problemOf, toProblem } from './problem.js';
import { session } from './session.js';

const TIMEOUT_MS = 15_000;

interface Options {
  body?: unknown;
  signal?: AbortSignal;
  /** Another token than that of the session, to try one out. */
  token?: string;
}

/** A request of the person signed in. Throws a {@link ProblemError}; a token that is not good any more ends the session. */
export async function request<T>(method: string, path: string, { body, signal, token }: Options = {}): Promise<T> {
  const bearer = token ?? session.token.value;
  const limit = AbortSignal.timeout(TIMEOUT_MS);
  let answer: Response;
  let text: string;
  try {
    answer = await fetch(path, {
      method,
      headers: {
        ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
      credentials: 'omit',
      cache: 'no-store',
    });
    text = await answer.text();
  } catch (error) {
    signal?.throwIfAborted();
    throw toProblem(error);
  }
  if (!answer.ok) throw refused(answer.status, text, token === undefined);
  return JSON.parse(text) as T;
}

/** Readiness is told by its body, also when its status says that nothing can be served. */
export async function readiness<T>(signal?: AbortSignal): Promise<T> {
  const limit = AbortSignal.timeout(TIMEOUT_MS);
  const answer = await fetch('/health/ready', { signal: signal ? AbortSignal.any([signal, limit]) : limit });
  return (await answer.json()) as T;
}

function refused(status: number, text: string, ofSession: boolean): ProblemError {
  const problem = problemOf(status, text);
  if (ofSession && problem.code === 'UNAUTHENTICATED') session.end('The token is not good any more. Sign in again.');
  return problem;
}
