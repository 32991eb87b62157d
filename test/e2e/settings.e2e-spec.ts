import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { MAIN } from '../support/app-process.js';
import { testVariables } from '../support/services.js';

/** Starts the process with settings that it refuses. */
function end(script: string, settings: Record<string, string>) {
  const env = testVariables({ PORT: '1', ...settings });
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], { env, encoding: 'utf8', timeout: 60_000 });
  return { status, said: (stdout + stderr).trim().split('\n') };
}

describe.each([
  ['the service', MAIN],
  ['the seed', MAIN.replace('main.js', 'seed.js')],
])('%s, started with settings that are not usable', (_, script) => {
  it('names each of them, and nothing of the code', () => {
    const { status, said } = end(script, { MAX_SKUS: 'many', LOCK_WAIT_MS: '1' });
    expect(status).toBe(1);
    expect(said).toEqual([
      'The settings are not usable.',
      expect.stringMatching(/^ {2}LOCK_WAIT_MS: /),
      expect.stringMatching(/^ {2}MAX_SKUS: /),
    ]);
  });

  it.each(['DEV_LOGIN', 'DEMO_PAY'])('refuses %s in production', (name) => {
    const { status, said } = end(script, { NODE_ENV: 'production', DEV_LOGIN: '', [name]: 'true' });
    expect(status).toBe(1);
    expect(said[0]).toBe('The settings are not usable.');
    expect(said.slice(1).join('\n')).toContain(name);
  });
});
