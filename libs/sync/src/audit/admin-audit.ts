import { setTimeout as delay } from 'node:timers/promises';
import { BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Metrics, RepeatedWarning } from '@app/common';
import { DatabaseUnavailableError } from '@app/database';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { Counter, Gauge } from 'prom-client';
import { AdminAuditTable, AuditEntry } from './admin-audit.table.js';
import { summariseBody } from './audit-body.js';

/** Every route for administrators is under this path. */
const ADMIN = '/v1/admin/';
const READS = new Set(['GET', 'HEAD', 'OPTIONS']);
/** Entries that wait while MySQL is away; more than that are only logged. */
const MOST_WAITING = 1_000;
const BATCH = 100;
/** Strangers could fill the table; of what nobody proven asked for, so many a minute are enough to see an attack. */
const STRANGERS = { most: 60, windowMs: 60_000 };
const BACKOFF_MS = { first: 200, most: 5_000 };
const STOP_MS = 2_000;

/**
 * Records what administrators change, and what was refused them, also by the guard or the parser: it is a hook of those
 * routes alone, so no shopper's request passes here. An entry is written after the answer; while MySQL is away up to
 * 1,000 wait in memory, and what does not fit, or is left at the end of the process, goes to the log.
 */
@Injectable()
export class AdminAudit implements BeforeApplicationShutdown {
  private readonly logger = new Logger(AdminAudit.name);
  private readonly trouble = new RepeatedWarning(this.logger, 'the audit is not written');
  private readonly waiting: AuditEntry[] = [];
  private readonly stopping = new AbortController();
  private readonly dropped: Counter;
  private flushing: Promise<void> | undefined;
  private strangers = { since: 0, seen: 0 };

  constructor(
    private readonly table: AdminAuditTable,
    { registry }: Metrics,
    host: HttpAdapterHost,
  ) {
    const registers = [registry];
    const { waiting } = this;
    this.dropped = new Counter({
      name: 'cart_admin_audit_dropped_total',
      help: 'Actions of administrators that are in the log alone, because MySQL was away too long',
      registers,
    });
    new Gauge({
      name: 'cart_admin_audit_waiting',
      help: 'Actions of administrators not in MySQL yet',
      registers,
      collect() {
        this.set(waiting.length);
      },
    });
    // Nest registers the routes after all providers exist.
    host.httpAdapter?.getInstance<FastifyInstance>().addHook('onRoute', (route: RouteOptions) => this.watch(route));
  }

  /** Never throws, never waits. */
  record(entry: AuditEntry): void {
    if (entry.userId === null && !this.isWorthKeeping(entry)) return;
    if (this.waiting.length >= MOST_WAITING || this.stopping.signal.aborted) return this.drop([entry]);
    this.waiting.push(entry);
    this.flushing ??= this.flush().finally(() => (this.flushing = undefined));
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await Promise.race([this.flushing, delay(STOP_MS, undefined, { ref: false })]);
    this.drop(this.waiting.splice(0));
  }

  private isWorthKeeping({ at }: AuditEntry): boolean {
    if (at - this.strangers.since >= STRANGERS.windowMs) this.strangers = { since: at, seen: 0 };
    this.strangers.seen += 1;
    return this.strangers.seen <= STRANGERS.most;
  }

  private watch(route: RouteOptions): void {
    if (!route.url.startsWith(ADMIN) || [route.method].flat().every((method) => READS.has(method))) return;
    const watch = (request: FastifyRequest, reply: FastifyReply, done: () => void) => {
      const at = Date.now();
      // Not `finish`: a client that hangs up early would act unseen.
      reply.raw.once('close', () => this.record(toEntry(request, reply, at)));
      done();
    };
    route.onRequest = [...[route.onRequest ?? []].flat(), watch];
  }

  private async flush(): Promise<void> {
    for (let failures = 0; this.waiting.length > 0;) {
      const batch = this.waiting.slice(0, BATCH);
      try {
        await this.table.add(batch);
        this.waiting.splice(0, batch.length);
        failures = 0;
        this.trouble.worked();
      } catch (error) {
        this.trouble.failed((error as Error).message);
        // What MySQL refuses it would refuse for ever.
        if (!(error instanceof DatabaseUnavailableError)) this.drop(this.waiting.splice(0, batch.length));
        else if (this.stopping.signal.aborted) return;
        else await this.pause(Math.min(BACKOFF_MS.first * 2 ** Math.min(failures++, 10), BACKOFF_MS.most));
      }
    }
  }

  private async pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }

  private drop(entries: readonly AuditEntry[]): void {
    this.dropped.inc(entries.length);
    for (const entry of entries) this.logger.error({ msg: 'an action of an administrator is not in MySQL', ...entry });
  }
}

function toEntry(request: FastifyRequest, reply: FastifyReply, at: number): AuditEntry {
  const { caller, method, url, body } = request;
  return {
    userId: caller?.kind === 'user' ? caller.id : null,
    at,
    method,
    route: request.routeOptions.url ?? '',
    target: url.split('?', 1)[0] ?? '',
    body: summariseBody(body),
    status: reply.raw.writableFinished ? reply.raw.statusCode : null,
  };
}
