import { readFileSync } from 'node:fs';

export interface TlsSettings {
  /** `true`: the connection to MySQL is encrypted, and the server's certificate is checked. */
  DATABASE_SSL?: boolean | string;
  /** File of the CA that signed it, PEM; without it Node's own CAs count. */
  DATABASE_CA?: string;
}

/** What mysql2 takes for TLS; `undefined` without. Throws when the file cannot be read. */
export function databaseTls({ DATABASE_SSL, DATABASE_CA }: TlsSettings): object | undefined {
  if (String(DATABASE_SSL) !== 'true') return undefined;
  const ca = DATABASE_CA ? { ca: readFileSync(DATABASE_CA, 'utf8') } : {};
  // Without the second the driver takes the certificate of any server.
  return { rejectUnauthorized: true, verifyIdentity: true, ...ca };
}
