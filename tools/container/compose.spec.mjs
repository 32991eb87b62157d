import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { houseRules, interpolate, variablesOf } from './compose.mjs';

describe('interpolate', () => {
  it('puts variables and defaults in and leaves doubled dollars to the shell', () => {
    const value = { a: ['${A:?set A}-${B:-b}-${C-c}'], n: 5, s: '$$HOME ${D}$E' };
    expect(interpolate(value, { A: '1', E: 'e' })).toEqual({ a: ['1-b-c'], n: 5, s: '$HOME e' });
  });

  it('refuses a required variable that is missing or empty', () => {
    expect(() => interpolate('${A:?set A}', {})).toThrow('A: set A');
    expect(() => interpolate('${A:?set A}', { A: '' })).toThrow('A: set A');
  });
});

describe('variablesOf', () => {
  it('tells what is required and what has a default', () => {
    expect(variablesOf('${A:?x} ${B:-y} $$C')).toEqual([
      { name: 'A', required: true, fallback: undefined },
      { name: 'B', required: false, fallback: 'y' },
    ]);
  });
});

describe('houseRules', () => {
  /** @param {string} text */
  const faults = (text) => houseRules(text, parse(text));
  const healthy = 'db: { restart: always, healthcheck: { test: [CMD, x] } }';

  it('finds nothing in a careful file', () => {
    expect(
      faults(`services: { ${healthy}, app: { ports: ['127.0.0.1:80:80'], environment: { P: '\${DB_PASSWORD:?x}' },
        volumes: ['v:/d', './f:/f'], depends_on: { db: { condition: service_healthy } } } }\nvolumes: { v: }`),
    ).toEqual([]);
  });

  it.each([
    ["services: { app: { environment: { P: '${DB_PASSWORD:-root}' } } }", /DB_PASSWORD is a secret/],
    ["services: { app: { environment: { P: '$JWT_SECRET' } } }", /JWT_SECRET is a secret/],
    ["services: { app: { ports: ['80:80'] } }", /app publishes 80:80 beyond/],
    ["services: { app: { volumes: ['v:/d'] } }", /app: no volume v/],
    ['services: { app: { depends_on: { x: { condition: service_started } } } }', /x, which is no service/],
    [
      `services: { ${healthy}, app: { depends_on: { db: { condition: service_completed_successfully } } } }`,
      /waits for the end of db, which restarts/,
    ],
    [
      'services: { db: {}, app: { depends_on: { db: { condition: service_healthy } } } }',
      /waits for the health of db, which has no check/,
    ],
  ])('finds the fault of %s', (text, fault) => {
    expect(faults(text)).toEqual([expect.stringMatching(fault)]);
  });
});
