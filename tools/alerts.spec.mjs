import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const ROOT = join(import.meta.dirname, '..');
const read = (/** @type {string} */ path) => readFileSync(join(ROOT, path), 'utf8');

/** @type {{ alert: string, expr: string }[]} */
const rules = parse(read('deploy/prometheus/alerts.yml')).groups.flatMap((/** @type {any} */ group) => group.rules);

const sources = ['apps/server', 'libs'].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.spec.ts'))
    .map((path) => read(join(folder, path))),
);

/** Whether the service has a metric of this name; those of the locks are named by a rule. @param {string} name */
function exists(name) {
  const counter = /^cart_lock_(\w+)_total$/.exec(name)?.[1];
  const text = counter ? `  ${counter.replace(/_./g, (two) => two.charAt(1).toUpperCase())}: '` : `'${name}'`;
  return sources.some((source) => source.includes(text));
}

describe('the alert rules', () => {
  it.each(rules)('$alert asks for metrics the service has', ({ expr }) => {
    const names = expr.match(/\bcart_\w+/g)?.map((name) => name.replace(/_(?:bucket|count|sum)$/, '')) ?? [];
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name) => !exists(name))).toEqual([]);
  });

  it('miss no run of a schedule that is off', () => {
    const missing = rules.filter(({ alert }) => alert.endsWith('Missing'));
    expect(missing.length).toBeGreaterThan(0);
    for (const { expr } of missing) {
      const kind = /\{kind="(\w+)"/.exec(expr)?.[1];
      for (const part of expr.split(/\bor\b/)) {
        expect(part).toMatch(
          new RegExp(`\\d < max\\(cart_sync_schedule_interval_seconds\\{kind="${kind}"\\}\\) <= \\d`),
        );
      }
    }
  });

  it('would notice a metric that is misspelt', () => {
    expect(['cart_outbox_dept', 'cart_lock_bussy_total', 'cart_lock_busy_total'].map(exists)).toEqual([
      false,
      false,
      true,
    ]);
  });

  it('are the alarms of the runbook, each of them', () => {
    const sections = [...read('docs/runbook.md').matchAll(/^### (Cart\w+)/gm)].map(([, name]) => name);
    expect(rules.map(({ alert }) => alert).sort()).toEqual(sections.sort());
  });
});
