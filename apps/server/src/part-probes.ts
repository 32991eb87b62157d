import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { RepeatedWarning } from '@app/common';
import { Database } from '@app/database';
import { keys, RedisConnection, toRedisError } from '@app/redis';

/** A part that does not answer within this time counts as away, ms. */
const ANSWER_MS = 1_000;
/** The written key is gone soon after the last look. */
const KEY_MS = '10000';
/** A write that changes nothing and takes longer waits for something, ms. */
const WRITE_MS = 1_500;
/** Changes no row, and waits for whatever keeps every write out: a table or the whole server that is locked. */
const WRITE = `UPDATE cart c JOIN product_sku s JOIN orders o
  SET c.version = c.version, s.version = s.version, o.status = o.status WHERE FALSE`;

/** What Redis says when it does not take a write, in words. */
const REFUSALS: Record<string, string> = {
  OOM: 'full: it is at maxmemory',
  READONLY: 'read-only',
  MISCONF: 'cannot write to its disk',
  NOREPLICAS: 'too few replicas',
  MASTERDOWN: 'a replica without its primary',
  LOADING: 'loading its data',
  BUSY: 'held up by a script',
  NOAUTH: 'asks for a password',
  NOPERM: 'its account may not write',
  MOVED: 'a cluster, which is not supported',
  CLUSTERDOWN: 'a cluster that is down',
};
const READ_ONLY = new Set([
  'ER_OPTION_PREVENTS_STATEMENT',
  'ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION',
  'ER_READ_ONLY_MODE',
]);

/** Of one part: whether it can be read, and `ok` or what is wrong with it. */
export interface PartState {
  readonly isThere: boolean;
  readonly state: string;
}

/** Tries what every write needs: a part that answers a ping and takes no write serves half of what it should. */
@Injectable()
export class PartProbes {
  private readonly policy = new RepeatedWarning(new Logger(PartProbes.name), 'Redis may drop carts', 60_000);

  constructor(
    private readonly connection: RedisConnection,
    private readonly database: Database,
  ) {}

  async redis(): Promise<PartState> {
    if (!(await isAnswered(this.connection.ping()))) return AWAY;
    // Not through command(): a refusal would replace the connection, under the reads of others.
    const write = this.connection.client.sendCommand(['SET', keys.probe, '1', 'PX', KEY_MS]);
    const refusal = await failureOf(write, ANSWER_MS);
    if (refusal) {
      const { refusal: code = '' } = toRedisError(refusal) as { refusal?: string };
      return { isThere: true, state: REFUSALS[code] ?? 'takes no write' };
    }
    const policy = await this.evictionPolicy();
    if (policy === 'noeviction') {
      this.policy.worked();
      return OK;
    }
    this.policy.failed(`its maxmemory-policy is ${policy}; set it to noeviction`);
    return { isThere: true, state: `may drop carts: maxmemory-policy is ${policy}` };
  }

  async mysql(): Promise<PartState> {
    if (!(await isAnswered(this.database.ping()))) return AWAY;
    const failure = await failureOf(this.database.query(WRITE), WRITE_MS);
    if (!failure) return OK;
    const { code, cause } = failure as { code?: string; cause?: { code?: string } };
    const isReadOnly = [code, cause?.code].some((one) => READ_ONLY.has(one ?? ''));
    return { isThere: true, state: isReadOnly ? 'read-only' : 'takes no write: perhaps a lock is held' };
  }

  /** `noeviction` where the server does not say: an account need not be allowed to ask. */
  private async evictionPolicy(): Promise<string> {
    const info = await this.connection.command<string>(['INFO', 'memory']).catch(() => '');
    return /^maxmemory_policy:([\w-]+)/m.exec(info)?.[1] ?? 'noeviction';
  }
}

const OK: PartState = { isThere: true, state: 'ok' };
const AWAY: PartState = { isThere: false, state: 'away' };

async function isAnswered(ping: Promise<unknown>): Promise<boolean> {
  return (await failureOf(ping, ANSWER_MS)) === undefined;
}

/** Why it failed; undefined when it has not. */
async function failureOf(work: Promise<unknown>, ms: number): Promise<Error | undefined> {
  const done = new AbortController();
  const late = delay(ms, new Error('late'), { signal: done.signal }).catch(() => undefined);
  const outcome = work.then(
    () => undefined,
    (error: Error) => error,
  );
  const failure = await Promise.race([outcome, late]);
  done.abort();
  return failure;
}
