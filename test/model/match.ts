/** Compares an answer with what the model expects: exactly, but for the places where the contract leaves the value open. */

/** The instant of the change with this version: every time that stems from one change is the same. */
export class TimeOf {
  constructor(readonly version: string) {}
}

/** A text the service chooses once for whatever `of` names, and for nothing else. */
export class Learned {
  constructor(readonly of: string) {}
}

/** Any value that `accepts` is content with. */
export class Open {
  constructor(
    readonly accepts: (value: unknown) => boolean,
    readonly what: string,
  ) {}
}

/** These entries in any order. */
export class AnyOrder {
  constructor(readonly entries: readonly unknown[]) {}
}

/** This object; members of `optional` may be left out. */
export class Partly {
  constructor(
    readonly whole: object,
    readonly optional: readonly string[],
  ) {}
}

const isText = (value: unknown) => typeof value === 'string' && value.length > 0;
export const TEXT = new Open(isText, 'a text');
export const ANY = new Open(() => true, 'anything');

/** Learns what the service chose and holds it to that. Milliseconds since 1970. */
export class Ledger {
  private readonly times = new Map<string, string>();
  private readonly texts = new Map<string, string>();
  private readonly windows = new Map<string, readonly [from: number, to: number]>();

  /** When the change with this version was asked for and answered; of several requests any may have made it. */
  note(version: string, from: number, to: number): void {
    const [earliest, latest] = this.windows.get(version) ?? [from, to];
    this.windows.set(version, [Math.min(earliest, from), Math.max(latest, to)]);
  }

  checkLearned(of: string, value: unknown): string | null {
    if (typeof value !== 'string' || value === '') return 'is not a text';
    const known = this.texts.get(of);
    if (known !== undefined) return known === value ? null : `expected ${known}, as it was told before`;
    const other = [...this.texts].find(([, text]) => text === value)?.[0];
    if (other !== undefined) return `is the ${other}, and not the ${of}`;
    this.texts.set(of, value);
    return null;
  }

  checkTime(version: string, value: unknown): string | null {
    const known = this.times.get(version);
    if (known !== undefined) return known === value ? null : `expected ${known}, the time of version ${version}`;
    if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value)) return 'is not a time';
    const window = this.windows.get(version);
    // One machine, two clocks read one after the other: a millisecond of rounding on each side.
    if (window && (Date.parse(value) < window[0] - 1 || Date.parse(value) > window[1] + 1)) {
      return `is not within the request of version ${version}`;
    }
    this.times.set(version, value);
    return null;
  }
}

/** Where `actual` is not what is expected, one line per place. */
export function differences(expected: unknown, actual: unknown, ledger: Ledger, path = ''): string[] {
  const differs = (what: string) => [`${path || '.'}: ${what}, but is ${JSON.stringify(actual)}`];
  if (expected instanceof TimeOf || expected instanceof Learned) {
    const fault =
      expected instanceof TimeOf
        ? ledger.checkTime(expected.version, actual)
        : ledger.checkLearned(expected.of, actual);
    return fault ? differs(fault) : [];
  }
  if (expected instanceof Open) return expected.accepts(actual) ? [] : differs(`expected ${expected.what}`);
  if (expected instanceof AnyOrder) {
    if (!Array.isArray(actual)) return differs('expected a list');
    return differences(sorted(expected.entries), sorted(actual), ledger, path);
  }
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual) || actual.length !== expected.length) return differs(`expected ${say(expected)}`);
    return expected.flatMap((entry, i) => differences(entry, actual[i], ledger, `${path}[${i}]`));
  }
  const { whole, optional } = expected instanceof Partly ? expected : new Partly(expected as object, []);
  if (whole !== null && typeof whole === 'object') return differencesOfObjects(whole, optional, actual, ledger, path);
  return Object.is(expected, actual) ? [] : differs(`expected ${say(expected)}`);
}

function differencesOfObjects(
  expected: object,
  optional: readonly string[],
  actual: unknown,
  ledger: Ledger,
  path: string,
): string[] {
  if (actual === null || typeof actual !== 'object' || Array.isArray(actual)) {
    return [`${path || '.'}: expected ${say(expected)}, but is ${JSON.stringify(actual)}`];
  }
  const found = new Map(Object.entries(actual));
  const faults: string[] = [];
  for (const [name, value] of Object.entries(expected)) {
    if (value === undefined) continue;
    if (found.has(name)) faults.push(...differences(value, found.get(name), ledger, `${path}.${name}`));
    else if (!optional.includes(name)) faults.push(`${path}.${name}: expected ${say(value)}, but is missing`);
    found.delete(name);
  }
  for (const [name, value] of found) faults.push(`${path}.${name}: not expected, but is ${JSON.stringify(value)}`);
  return faults;
}

function sorted(entries: readonly unknown[]): unknown[] {
  return entries
    .map((entry) => [say(entry), entry] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, entry]) => entry);
}

function say(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (part instanceof TimeOf) return `time of ${part.version}`;
    if (part instanceof Learned) return `text of ${part.of}`;
    if (part instanceof Open) return part.what;
    if (part instanceof AnyOrder) return part.entries;
    return part instanceof Partly ? part.whole : part;
  });
}
