import { describe, expect, it } from 'vitest';
import { problemOf, ProblemError, toProblem, UNREACHABLE } from './problem.js';

describe(problemOf.name, () => {
  it('has the code, the detail and the faults of the answer', () => {
    const text = JSON.stringify({
      code: 'REDIS_NEWER',
      detail: 'newer',
      errors: [{ code: 'REDIS_NEWER', skuId: '7' }],
    });
    const problem = problemOf(409, text);
    expect(problem).toMatchObject({ code: 'REDIS_NEWER', message: 'newer', status: 409 });
    expect(problem.details).toEqual([{ code: 'REDIS_NEWER', skuId: '7' }]);
  });

  it.each(['', '<html>Bad gateway</html>', 'null', '[]', '{"code":5}'])('makes something of %j', (text) => {
    expect(problemOf(502, text)).toMatchObject({ code: 'UNREADABLE_ANSWER', status: 502, details: [] });
  });

  it('shows the title where there is no detail', () => {
    expect(problemOf(404, '{"code":"NOT_FOUND","title":"Not found","detail":""}').message).toBe('Not found');
  });
});

describe(toProblem.name, () => {
  it('keeps a problem, and calls everything else unreachable', () => {
    const problem = new ProblemError('FORBIDDEN', 'no', 403);
    expect(toProblem(problem)).toBe(problem);
    expect(toProblem(new TypeError('Failed to fetch')).code).toBe(UNREACHABLE);
    expect(toProblem(new DOMException('late', 'TimeoutError')).message).toContain('in time');
  });
});
