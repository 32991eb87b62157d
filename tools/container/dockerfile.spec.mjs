import { describe, expect, it } from 'vitest';
import { containerOnly, parseAssignments, parseCommand, parseCopy, parseDockerfile } from './dockerfile.mjs';

/** @param {string} name @param {string} args */
const step = (name, args) => ({ name, args, line: 7 });

describe('parseDockerfile', () => {
  it('reads stages, joins continued lines and drops comments', () => {
    const text = '# top\nFROM node:20 AS deps\nRUN a \\\n  # why\n  && b\n\nfrom deps\ncmd ["x"]\n';
    expect(parseDockerfile(text)).toEqual([
      { name: 'deps', base: 'node:20', line: 2, instructions: [{ name: 'RUN', args: 'a && b', line: 3 }] },
      { name: '1', base: 'deps', line: 7, instructions: [{ name: 'CMD', args: '["x"]', line: 8 }] },
    ]);
  });

  it.each([
    ['FROM a\nONBUILD RUN x', /line 2: ONBUILD is not understood/],
    ['RUN x', /line 1: RUN before the first FROM/],
    ['FROM --platform=x a', /line 1: FROM --platform=x a is not understood/],
    ['FROM a\nRUN <<EOF\nx\nEOF', /line 2: heredocs/],
    ['FROM a\nRUN x \\', /line 2: the last line is continued/],
  ])('refuses %j instead of passing it over', (text, message) => {
    expect(() => parseDockerfile(text)).toThrow(message);
  });
});

describe('parseCopy', () => {
  it('reads sources, target and stage', () => {
    expect(parseCopy(step('COPY', '--from=build --chown=node a b ./'))).toEqual({
      from: 'build',
      sources: ['a', 'b'],
      target: './',
    });
  });

  it.each(['a', '--link a b', '*.json ./'])('refuses %j', (args) => {
    expect(() => parseCopy(step('COPY', args))).toThrow(/line 7: COPY/);
  });
});

describe('parseAssignments', () => {
  it('reads several values on a line', () => {
    expect(parseAssignments(step('ENV', 'A=1 B="two words" C='))).toEqual({ A: '1', B: 'two words', C: '' });
  });

  it('refuses the old form without =', () => {
    expect(() => parseAssignments(step('ENV', 'A 1'))).toThrow(/ENV A 1 is not understood/);
  });
});

describe('parseCommand', () => {
  it('reads the exec form, also behind the flags of a health check', () => {
    expect(parseCommand(step('CMD', '["node", "a b"]'))).toEqual(['node', 'a b']);
    expect(parseCommand(step('HEALTHCHECK', '--interval=1s --timeout=2s CMD ["x"]'))).toEqual(['x']);
  });

  it.each(['node main.js', '["a", 1]'])('refuses %j, which would hide signals or types', (args) => {
    expect(() => parseCommand(step('CMD', args))).toThrow(/exec form/);
  });
});

describe('containerOnly', () => {
  it('knows what only changes the system of the image', () => {
    expect(containerOnly(step('RUN', 'apt-get update && apt-get install -y x'))).toMatch(/packages/);
    expect(containerOnly(step('RUN', 'npm ci'))).toBeUndefined();
  });

  it('refuses a mixture, of which only a part could be run', () => {
    expect(() => containerOnly(step('RUN', 'apt-get update && npm ci'))).toThrow(/mixes/);
  });

  it('refuses an absolute path, which would leave the folder', () => {
    expect(() => containerOnly(step('RUN', 'rm -r /app/x'))).toThrow(/absolute/);
  });
});
