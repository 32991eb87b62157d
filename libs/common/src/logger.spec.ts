import { Logger } from '@nestjs/common';
import { afterEach, describe, expect, it } from 'vitest';
import { PinoLogger } from './logger.js';

function captured(level = 'trace') {
  const lines: string[] = [];
  const logger = new PinoLogger(level, { write: (line) => void lines.push(line) });
  return { logger, lines, last: () => JSON.parse(lines.at(-1) ?? '{}') as Record<string, unknown> };
}

describe(PinoLogger.name, () => {
  afterEach(() => Logger.overrideLogger(['log', 'error', 'warn']));

  it('writes one JSON object a line, whatever the text holds', () => {
    const { logger, lines, last } = captured();
    logger.log('first\n{"level":"fatal"}', 'CartService');
    expect(lines).toHaveLength(1);
    expect(lines[0]?.trim().split('\n')).toHaveLength(1);
    expect(last()).toMatchObject({ level: 'info', context: 'CartService', msg: 'first\n{"level":"fatal"}' });
  });

  it("keeps an error's stack, and takes what Nest's own logger hands it", () => {
    const { logger, last } = captured();
    Logger.overrideLogger(logger);
    const nest = new Logger('Somewhere');
    nest.error(new Error('broken'));
    expect(last()).toMatchObject({ level: 'error', context: 'Somewhere', msg: 'broken', err: { message: 'broken' } });
    expect((last()['err'] as { stack: string }).stack).toContain('logger.spec');
    nest.error('broken', 'the stack');
    expect(last()).toMatchObject({ context: 'Somewhere', msg: 'broken', stack: 'the stack' });
    nest.error({ msg: 'with fields', err: new Error('inner'), cartVersion: '7' });
    expect(last()).toMatchObject({ msg: 'with fields', cartVersion: '7', err: { message: 'inner' } });
  });

  it('redacts secrets wherever they stand', () => {
    const { logger, lines } = captured();
    const headers = {
      authorization: 'Bearer CANARY',
      'x-client-cart-id': 'CANARY',
      'idempotency-key': 'CANARY',
      host: 'seen',
    };
    logger.warn({ msg: 'top', ...headers });
    logger.warn({ msg: 'nested', headers });
    logger.warn({ msg: 'deep', req: { headers, body: { clientCartId: 'CANARY', token: 'CANARY' } } });
    logger.error({ msg: 'error', err: Object.assign(new Error('x'), { headers }) });
    expect(lines.join('')).not.toContain('CANARY');
    expect(lines.join('').match(/"host":"seen"/g)).toHaveLength(4);
  });

  it("keeps to its level, and shows Nest's lines of the start at debug only", () => {
    const { logger, lines } = captured('info');
    logger.debug('hidden');
    logger.verbose('hidden');
    logger.log('hidden', 'RouterExplorer');
    expect(lines).toHaveLength(0);
    logger.log('seen', 'NestApplication');
    logger.fatal('seen');
    expect(lines).toHaveLength(2);
  });
});
