import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { createDataSource } from '../../../ormconfig.js';

const folder = mkdtempSync(join(tmpdir(), 'tls-'));
afterAll(() => rmSync(folder, { recursive: true }));
const sslOf = (settings: object) =>
  (createDataSource('mysql://cart@db/cart', settings).options as { ssl?: unknown }).ssl;

it('B11: DATABASE_SSL and DATABASE_CA reach the driver, which checks the certificate and its name', () => {
  const ca = join(folder, 'ca.pem');
  writeFileSync(ca, 'the certificate');
  const checked = { rejectUnauthorized: true, verifyIdentity: true };
  expect(sslOf({ DATABASE_SSL: true })).toEqual(checked);
  expect(sslOf({ DATABASE_SSL: 'true', DATABASE_CA: ca })).toEqual({ ...checked, ca: 'the certificate' });
  expect(sslOf({ DATABASE_SSL: false })).toBeUndefined();
  expect(sslOf({})).toBeUndefined();
  expect(() => sslOf({ DATABASE_SSL: true, DATABASE_CA: join(folder, 'none.pem') })).toThrow('ENOENT');
});
