import { type ArgumentsHost, Catch, type ExceptionFilter, Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from './app-error.js';
import { problemHeaders, toAppError, toProblem } from './http-problem.js';

/**
 * Turns whatever a request ended with into `application/problem+json`. What has no code is a bug: logged with its
 * stack, answered 500 without detail, so that no SQL, host name or stack ever leaves.
 */
@Catch()
export class AppErrorFilter implements ExceptionFilter<unknown> {
  private readonly logger = new Logger(AppErrorFilter.name);

  catch(error: unknown, host: ArgumentsHost): void {
    // A consumer's error decides whether its message is acked: it must not end here.
    if (host.getType() !== 'http') throw error;
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const known = toAppError(error);
    if (known === undefined) {
      this.logger.error({
        msg: 'A request failed unexpectedly',
        method: request.method,
        url: pathOf(request),
        err: error,
      });
    }
    if (reply.sent || reply.raw.headersSent) {
      // Part of the answer is out. Cutting the connection is the only way left to say that it is not whole.
      if (!reply.raw.writableEnded) reply.raw.destroy();
      return;
    }
    const shown = known ?? new AppError('INTERNAL_ERROR');
    // Fastify would hang up after a body it does not take, on a client that is still writing it and then hears of a broken
    // connection instead of this answer. Node reads the rest and drops it; the server's requestTimeout ends that.
    reply.removeHeader('connection');
    // Fastify appends a charset to a JSON string's type, which problem+json does not define; bytes it leaves alone.
    void reply
      .code(shown.status)
      .headers(problemHeaders(shown))
      .send(Buffer.from(JSON.stringify(toProblem(shown))));
  }
}

/** A query may hold what the shopper typed: logs get the path only. */
function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? '';
}
