import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeJson } from './json-file.mjs';
import { initSql } from './mariadb.mjs';
import { loadSecrets } from './secrets.mjs';

let folder = '';
let file = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'secrets-'));
  file = join(folder, 'secrets.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('loadSecrets', () => {
  it('makes secrets the service accepts, and the same ones the next time', () => {
    const secrets = loadSecrets(file);
    expect(secrets.jwtSecret.length).toBeGreaterThanOrEqual(32);
    expect(secrets.guestKeys).toMatch(/^[A-Za-z0-9]{1,16}:[^\s,]{32,}$/);
    expect(loadSecrets(file)).toEqual(secrets);
  });

  it('makes others in another folder', () => {
    expect(loadSecrets(join(folder, 'other.json')).jwtSecret).not.toBe(loadSecrets(file).jwtSecret);
  });

  it('lets nobody else read them', () => {
    loadSecrets(file);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('keeps what an older version has made', () => {
    writeJson(file, { databasePassword: 'old' }, 0o600);
    expect(loadSecrets(file).databasePassword).toBe('old');
  });

  it('makes a password that needs no quoting in SQL and in a URL', () => {
    const { databasePassword } = loadSecrets(file);
    expect(databasePassword).toMatch(/^[\w-]+$/);
    expect(initSql(databasePassword)).toContain(`IDENTIFIED BY '${databasePassword}'`);
  });
});
