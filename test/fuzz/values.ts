import fc from 'fast-check';
import type { Schema } from './document.js';
import type { Random } from './random.js';
import type { Schemas } from './schemas.js';

/** What a meaningful value of a named field is; undefined when the name says nothing. */
export type Named = (field: string) => unknown;

const ID = '^[1-9][0-9]{0,18}$';
const TEXTS = ['lantern', 'W H I T E', '白色灯笼 🏮', 'Ünïcödé', 'O\'Brien "x" <b>', 'ￗ‮abc', '%s{0}${x}', 'a'];

/** Makes values that fit a schema, preferring what the names of its fields mean. */
export class Values {
  constructor(
    private readonly schemas: Schemas,
    private readonly random: Random,
    private readonly named: Named,
  ) {}

  /** A value that fits; optional fields come and go. */
  valid(schema: Schema, field = ''): unknown {
    for (let attempt = 0; attempt < 200; attempt++) {
      const value = this.make(this.schemas.resolve(schema), field);
      if (this.schemas.fits(schema, value)) return value;
    }
    throw new Error(`The fuzzer cannot make a value of ${field || 'this schema'}: ${JSON.stringify(schema)}`);
  }

  private make(schema: Schema, field: string): unknown {
    if (schema['allOf'] && !schema['properties']) {
      return this.make(this.schemas.resolve((schema['allOf'] as Schema[])[0]!), field);
    }
    const choices = (schema['oneOf'] ?? schema['anyOf']) as Schema[] | undefined;
    if (choices && !schema['properties']) return this.make(this.schemas.resolve(this.random.pick(choices)), field);
    const meant = schema['properties'] ? undefined : this.named(field);
    if (meant !== undefined && this.schemas.fits(schema, meant)) return meant;
    if (schema['enum']) return this.random.pick(schema['enum'] as unknown[]);
    if ('const' in schema) return schema['const'];
    const types = [schema['type']].flat() as string[];
    return this.ofType(this.random.chance(0.2) ? this.random.pick(types) : types[0]!, schema, field);
  }

  private ofType(type: string, schema: Schema, field: string): unknown {
    switch (type) {
      case 'object':
        return this.object(schema);
      case 'array': {
        const { minItems = 0, maxItems = 6 } = schema as { minItems?: number; maxItems?: number };
        const length = this.random.int(Math.max(minItems, 1), Math.max(minItems, Math.min(maxItems, 6)));
        return Array.from({ length }, () => this.make(this.schemas.resolve(schema['items'] as Schema), field));
      }
      case 'integer':
      case 'number':
        return this.number(schema);
      case 'boolean':
        return this.random.chance(0.5);
      case 'null':
        return null;
      default:
        return this.text(schema);
    }
  }

  private object(schema: Schema): Record<string, unknown> {
    const required = (schema['required'] ?? []) as string[];
    const value: Record<string, unknown> = {};
    for (const [name, child] of Object.entries((schema['properties'] ?? {}) as Record<string, Schema>)) {
      if (required.includes(name) || this.random.chance(0.5))
        value[name] = this.make(this.schemas.resolve(child), name);
    }
    return value;
  }

  private number({ minimum = 0, maximum = 2 ** 31 - 1 }: Schema): number {
    return this.random.weighted(
      [1, minimum as number],
      [1, maximum as number],
      [6, this.random.int(minimum as number, Math.min(maximum as number, (minimum as number) + 50))],
    );
  }

  private text({ pattern, format, minLength = 0, maxLength = 40, example }: Schema): string {
    if (pattern === ID) return String(this.random.int(1, 2 ** 40));
    if (format === 'date-time') return new Date(Date.now() + this.random.int(-1, 60) * 60_000).toISOString();
    if (typeof pattern === 'string' && /\[0-9\]\{2\}/.test(pattern)) {
      return `${this.random.int(0, 900)}.${String(this.random.int(0, 99)).padStart(2, '0')}`;
    }
    const isFree = pattern === undefined || String(pattern).includes(String.raw`\P{Cc}`);
    if (example !== undefined && this.random.chance(0.3)) return String(example);
    if (!isFree) return this.matching(String(pattern));
    const text = this.random.pick(TEXTS).padEnd(minLength as number, 'x');
    return this.random.chance(0.05) ? [...text.repeat(99)].slice(0, maxLength as number).join('') : text;
  }

  private matching(pattern: string): string {
    return fc.sample(fc.stringMatching(new RegExp(pattern)), { seed: this.random.int(0, 2 ** 31 - 1), numRuns: 1 })[0]!;
  }
}
