import type { Random } from './random.js';

const NUMBERS = [0, -1, 1, 1.5, -0.5, 99, 100, 1001, 2 ** 31 - 1, 2 ** 31, -(2 ** 31), 2 ** 53, 1e21, 1e308];
const TEXTS = [
  '',
  ' ',
  '0',
  '01',
  '1 ',
  '1\n',
  '+1',
  '1e3',
  '0x10',
  '１',
  '9223372036854775807',
  '9223372036854775808',
  '99999999999999999999999',
  '1\u0000',
  '\u0000',
  '\ud800',
  '🏮'.repeat(300),
  'x'.repeat(5000),
  "' OR 1=1 --",
  '../../etc/passwd',
  '{"a":1}',
  'null',
  'true',
  '12.5',
  '100000000.00',
];
const FIELDS = ['extra', '', '__proto__', 'constructor', 'toString', 'ünï', 'owner', 'price', 'a'.repeat(3000), '0'];

/** A value of any kind. */
function anything(random: Random): unknown {
  return random.weighted<unknown>(
    [4, random.pick(NUMBERS)],
    [4, random.pick(TEXTS)],
    [2, null],
    [1, random.chance(0.5)],
    [1, []],
    [1, {}],
    [1, [[random.pick(NUMBERS)]]],
    [1, { a: { b: random.pick(TEXTS) } }],
  );
}

/** The value with one thing about it changed: a leaf, a field more, a field less, an entry more. The original stays. */
export function mutated(value: unknown, random: Random): unknown {
  if (Array.isArray(value)) return mutatedList(value, random);
  if (typeof value === 'object' && value !== null) return mutatedObject(value as Record<string, unknown>, random);
  return anything(random);
}

function mutatedList(list: readonly unknown[], random: Random): unknown {
  const at = random.int(0, Math.max(0, list.length - 1));
  switch (random.int(0, 5)) {
    case 0:
      return anything(random);
    case 1:
      return [...list, anything(random)];
    case 2:
      return [];
    case 3:
      return [...list, ...list];
    case 4:
      return Array.from({ length: random.pick([101, 1001]) }, () => list[at] ?? '1');
    default:
      return list.length === 0 ? [anything(random)] : list.map((one, i) => (i === at ? mutated(one, random) : one));
  }
}

function mutatedObject(object: Record<string, unknown>, random: Random): unknown {
  const names = Object.keys(object);
  const name = names.length > 0 ? random.pick(names) : 'x';
  switch (random.int(0, 7)) {
    case 0:
      return anything(random);
    case 1:
      return withField({ ...object }, random.pick(FIELDS), anything(random));
    case 2:
    case 3:
      return Object.fromEntries(Object.entries(object).filter(([key]) => key !== name));
    default:
      return withField({ ...object }, name, mutated(object[name], random));
  }
}

/** Sets a field as JSON.parse would: `__proto__` becomes one like any other. */
function withField(object: Record<string, unknown>, name: string, value: unknown): Record<string, unknown> {
  return Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
}

/** JSON text that no value gives: nested too deep, a name twice, huge, cut off, or bytes changed at random. */
export function mutatedText(text: string, random: Random): Buffer {
  const bytes = Buffer.from(text);
  const at = random.int(0, Math.max(0, bytes.length - 1));
  switch (random.int(0, 9)) {
    case 0:
      return Buffer.from(`${'['.repeat(random.pick([33, 5000]))}1`);
    case 1:
      return Buffer.from(`${'{"a":'.repeat(40)}1${'}'.repeat(40)}`);
    case 2:
      return Buffer.from(text.replace(/^\{/, '{"quantity":7,"quantity":8,'));
    case 3:
      return Buffer.from(`"${'y'.repeat(random.pick([66_000, 130_000]))}"`);
    case 4:
      return bytes.subarray(0, at);
    case 5:
      return Buffer.concat([bytes, Buffer.from(random.pick([',', '\u0000', '}', ' \n\t ', '\ufeff', 'null']))]);
    case 6:
      return Buffer.from(random.pick(['', 'null', 'true', '0', '"text"', '[]', '{}', '[{}]', 'NaN', '\ufeff{}']));
    default: {
      const copy = Buffer.from(bytes);
      for (let i = random.int(1, 3); i > 0 && copy.length > 0; i--) {
        copy[random.int(0, copy.length - 1)] = random.int(0, 255);
      }
      return copy;
    }
  }
}

/** Segments of a path that are no id. Every one stays one segment. */
export const BAD_IDS = [
  '0',
  '01',
  '-1',
  '+1',
  '1.0',
  '1e3',
  'a',
  'null',
  'undefined',
  '9223372036854775808',
  '99999999999999999999',
  '１',
  '1\u0000',
  '1 ',
  '1\n',
  '*',
  ';',
  '../1',
  'a/b',
  '__proto__',
  'constructor',
  '%',
  '🏮',
  "1' OR '1'='1",
  '1'.repeat(99),
  '1'.repeat(2000),
];
