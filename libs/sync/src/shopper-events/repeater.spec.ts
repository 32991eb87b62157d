import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Repeater } from './repeater.js';

const EVERY_MS = 5_000;

describe(Repeater.name, () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
  afterEach(() => void vi.useRealTimers());

  it('tells of a trouble once, and that it is over', async () => {
    const logger = new Logger();
    const warn = vi.spyOn(logger, 'warn').mockReturnValue(undefined);
    const log = vi.spyOn(logger, 'log').mockReturnValue(undefined);
    const answers = [new Error('away'), new Error('away'), true, true];
    let atEnd!: () => void;
    const end = new Promise<void>((resolve) => (atEnd = resolve));
    const repeater = new Repeater(
      'cannot work',
      EVERY_MS,
      () => {
        const answer = answers.shift();
        if (answer instanceof Error) return Promise.reject(answer);
        if (answers.length === 0) atEnd();
        return Promise.resolve(answer ?? false);
      },
      logger,
    );
    repeater.start();
    await end;
    await repeater.stop();
    expect(warn.mock.calls).toEqual([['cannot work: away']]);
    expect(log.mock.calls).toEqual([['over: cannot work (2 times in 0 s)']]);
  });
});
