import type { ArgumentMetadata, DynamicModule, ExecutionContext, PipeTransform, Type } from '@nestjs/common';
import { MODULE_METADATA, ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import { HttpValidationPipe, NoBodyGuard, toAppError, toProblem } from '@app/common';
import { parseJsonBody } from '../../apps/server/src/json-body.js';
import type { Operation, Schema } from './document.js';
import type { Random } from './random.js';
import type { Schemas } from './schemas.js';
import { Values } from './values.js';

const BYTES = 64 * 1024;
/** At least and at most so many looks at each body. */
const ROUNDS = { least: 3, most: 60 };

/** What a route does with the bytes of a body before its handler runs. Throws when it refuses them. */
export type BodyReader = (bytes: Buffer) => unknown;

export interface Cost {
  /** Of the fastest run, µs: the others waited for a processor, or for the compiler. */
  refusing: number;
  parsing: number;
}

/** The readers of all routes, by the name that the document gives the operation; the same pipes as in the service. */
export function bodyReaders(module: Type | DynamicModule): Map<string, BodyReader> {
  const readers = new Map<string, BodyReader>();
  for (const controller of controllersOf(module)) {
    const prototype = controller.prototype as Record<string, () => unknown>;
    for (const name of Object.getOwnPropertyNames(prototype)) {
      if (name !== 'constructor') readers.set(`${controller.name}_${name}`, readerOf(controller, name));
    }
  }
  return readers;
}

function controllersOf(module: Type | DynamicModule | undefined, seen = new Set<unknown>()): Type[] {
  if (!module || seen.has(module)) return [];
  seen.add(module);
  const type = 'module' in module ? module.module : module;
  const dynamic: Partial<DynamicModule> = 'module' in module ? module : {};
  const listed = <T>(key: string, own: T[] = []) => [...((Reflect.getMetadata(key, type) ?? []) as T[]), ...own];
  const imports = listed(MODULE_METADATA.IMPORTS, dynamic.imports as (Type | DynamicModule)[] | undefined);
  const controllers = listed<Type>(MODULE_METADATA.CONTROLLERS, dynamic.controllers);
  return [...controllers, ...imports.flatMap((one) => controllersOf(one, seen))];
}

interface BodyParameter {
  index: number;
  pipes: PipeTransform[];
}

function readerOf(controller: Type, name: string): BodyReader {
  const prototype = controller.prototype as Record<string, () => unknown>;
  const parameters = (Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, name) ?? {}) as Record<
    string,
    BodyParameter
  >;
  const types = (Reflect.getMetadata('design:paramtypes', prototype, name) ?? []) as Type[];
  const bodies = Object.entries(parameters).filter(([key]) => key.startsWith(`${RouteParamtypes.BODY}:`));
  const guard = new NoBodyGuard();
  const validation = new HttpValidationPipe();
  return (bytes) => {
    const body = parseJsonBody(bytes);
    const context = {
      getType: () => 'http',
      getArgByIndex: () => ({ body }),
      getClass: () => controller,
      getHandler: () => prototype[name],
    };
    guard.canActivate(context as unknown as ExecutionContext);
    for (const [, { index, pipes }] of bodies) {
      const metadata: ArgumentMetadata = { type: 'body', metatype: types[index], data: undefined };
      [validation, ...pipes].reduce<unknown>((value, pipe) => pipe.transform(value, metadata), body);
    }
    return body;
  };
}

/** Bodies of 64 KB: of everything JSON has, alone and in every field that the operation knows. */
export function* shapesFor(operation: Operation, schemas: Schemas, random: Random): Generator<[string, string]> {
  const fields = operation.body ? fieldsOf(operation.body, schemas) : [];
  const wraps: [string, string, string][] = [
    ['', '', ''],
    ['{"field":…}', '{"field":', '}'],
    ...fields.map(({ path }): [string, string, string] => {
      const names = path.split('.');
      const open = names.map((name) => (name === '[]' ? '[' : `{"${name}":`)).join('');
      return [
        path,
        open,
        names
          .map((name) => (name === '[]' ? ']' : '}'))
          .reverse()
          .join(''),
      ];
    }),
  ];
  for (const [name, before, after] of wraps) {
    for (const [filler, open, piece, close] of FILLERS) {
      yield [`${name} ${filler}`.trim(), filled(before + open, () => piece, close + after)];
    }
  }
  yield ['names', filled('{', (i) => `"n${i}":1,`, '}')];
  const values = new Values(schemas, random, () => undefined);
  for (const { path, schema } of fields.filter(({ path: one }) => one.endsWith('[]'))) {
    const lists = path.split('.').slice(0, -1);
    if (lists.includes('[]')) continue;
    const open = lists.map((one) => `{"${one}":`).join('');
    const entry = `${JSON.stringify(values.valid(schema))},`;
    yield [`${path} good ones`, filled(`${open}[`, () => entry, `{}]${'}'.repeat(lists.length)}`)];
  }
}

const FILLERS: [name: string, open: string, piece: string, close: string][] = [
  ['objects', '[', '{},', ']'],
  ['lists', '[', '[],', ']'],
  ['deep lists', '[', `${'['.repeat(25)}${']'.repeat(25)},`, ']'],
  ['objects of unknown fields', '[', '{"a":1,"b":[]},', ']'],
  ['numbers', '[', '1,', ']'],
  ['texts', '[', '"x",', ']'],
  ['nulls', '[', 'null,', ']'],
  ['a text', '"', 'x', '"'],
  ['a text of signs', '"', '_', '"'],
  ['a text of names', '"', 'constructor', '"'],
  ['a text of pairs', '"', '🦆', '"'],
  ['a text of escapes', '"', String.raw`\n`, '"'],
  ['a number', '', '1', ''],
];

function filled(open: string, piece: (index: number) => string, close: string): string {
  const pieces: string[] = [];
  let left = BYTES - Buffer.byteLength(open + close);
  for (let i = 0; ; i++) {
    const next = piece(i);
    left -= Buffer.byteLength(next);
    if (left < 0) break;
    pieces.push(next);
  }
  const inside = pieces.join('');
  return open + (/^[[{]/.test(close) ? inside : inside.replace(/,$/, '')) + close;
}

/** Every field of a body with its path; `[]` stands for an entry of a list. */
function fieldsOf(schema: Schema, schemas: Schemas, path = '', depth = 0): { path: string; schema: Schema }[] {
  if (depth > 4) return [];
  const resolved = schemas.resolve(schema);
  const step = (name: string, child: Schema) => {
    const at = path ? `${path}.${name}` : name;
    return [{ path: at, schema: child }, ...fieldsOf(child, schemas, at, depth + 1)];
  };
  const kinds = ['allOf', 'oneOf', 'anyOf'].flatMap((word) => (resolved[word] ?? []) as Schema[]);
  const found = [
    ...Object.entries((resolved['properties'] ?? {}) as Record<string, Schema>).flatMap(([name, child]) =>
      step(name, child),
    ),
    ...(resolved['items'] ? step('[]', resolved['items'] as Schema) : []),
    ...kinds.flatMap((kind) => fieldsOf(kind, schemas, path, depth)),
  ];
  return [...new Map(found.map((one) => [one.path, one])).values()];
}

/**
 * What it costs to refuse a body, and to parse it; undefined when it is not refused. Looks again until refusing costs at
 * most `times` what parsing does, or it has looked often enough.
 */
export function costOf(read: BodyReader, body: string, times: number): Cost | undefined {
  const bytes = Buffer.from(body);
  const refuse = () => {
    try {
      read(bytes);
      return false;
    } catch (error) {
      JSON.stringify(toProblem(toAppError(error)!));
      return true;
    }
  };
  const parse = () => {
    try {
      JSON.parse(bytes.toString());
    } catch {
      // A refusal too.
    }
  };
  if (!refuse()) return undefined;
  const cost = { refusing: Infinity, parsing: Infinity };
  for (let round = 1; round <= ROUNDS.most; round++) {
    // By turns: what slows the machine down slows both.
    cost.refusing = Math.min(cost.refusing, time(refuse));
    cost.parsing = Math.min(cost.parsing, time(parse));
    if (round >= ROUNDS.least && cost.refusing <= times * cost.parsing) break;
  }
  return cost;
}

function time(work: () => unknown): number {
  const start = process.hrtime.bigint();
  work();
  return Number(process.hrtime.bigint() - start) / 1000;
}
