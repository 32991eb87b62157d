import type { Operation } from './document.js';
import { BAD_IDS, mutated, mutatedText } from './mutations.js';
import { Random } from './random.js';
import type { Schemas } from './schemas.js';
import { Values } from './values.js';
import type { Identity, World } from './world.js';

/** What is wrong with a request, as far as the document says; nothing means that it must be taken seriously. */
export type Flaw = 'identity' | 'path' | 'query' | 'header' | 'type' | 'body' | 'size';

export interface FuzzRequest {
  operation: Operation;
  method: string;
  /** As sent. */
  target: string;
  headers: Record<string, string>;
  body?: Buffer;
  /** Whose cart it is about, when it is known who asks. */
  who?: Identity;
  flaws: Set<Flaw>;
  /** Whether the document leaves open if this request is valid. */
  isUncertain: boolean;
}

const MAX_ID = 9_223_372_036_854_775_807n;
const BODY_LIMIT = 64 * 1024;
const HEADER_LIMIT = 8 * 1024;
const WRONG_TYPES = [
  'text/plain',
  'application/xml',
  'application/x-www-form-urlencoded',
  'multipart/form-data',
  'json',
];
const BAD_IF_MATCH = ['1', 'W/1', '"1', '"1" "2"', '', ',', '"1",,', '**', '"\u0001"'.replace('\u0001', ' ')];
const BAD_KEYS = ['', ' ', 'a b', 'k'.repeat(256), 'kéy', '\t'];
const PREFERENCES = [
  'return=minimal',
  'return=minimal',
  'respond-async, return=minimal',
  'return=representation',
  '; ,',
];
const FORGED: Record<string, string>[] = [
  { authorization: 'Bearer x' },
  { authorization: 'Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.' },
  { authorization: 'Basic YTpi' },
  { authorization: '' },
  { 'x-client-cart-id': 'v1.k1.aaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' },
  { 'x-client-cart-id': '' },
  { 'x-client-cart-id': `v1.k1.${'a'.repeat(3000)}` },
];

/** Makes requests for the operations of a document: about half are meaningful, the others are wrong in one way or more. */
export class Requests {
  constructor(
    private readonly operations: readonly Operation[],
    private readonly schemas: Schemas,
    private readonly world: World,
  ) {}

  make(random: Random): FuzzRequest {
    const operation = random.weighted(...this.operations.map((one) => [weightOf(one), one] as const));
    const flaws = new Set<Flaw>();
    const kind = random.weighted([55, 'valid'], [30, 'near'], [15, 'wild']);
    const bends = (share: number) => kind === 'wild' && random.chance(share);
    const { who, headers } = this.identity(operation, bends(0.4), random, flaws);
    const values = new Values(this.schemas, random, (field) =>
      this.world.valueOf(field, random, who, operation.access === 'role'),
    );
    const request: FuzzRequest = {
      operation,
      method: operation.method,
      target: this.target(operation, values, bends, random, flaws),
      headers,
      who,
      flaws,
      isUncertain: false,
    };
    // Of a period the document cannot say that it must not end before it begins.
    if (/[?&]from=.*&to=/.test(request.target)) request.isUncertain = true;
    // A parameter that the document does not name may be refused or ignored.
    if (random.chance(0.03)) {
      request.target += `${request.target.includes('?') ? '&' : '?'}unknown=1`;
      request.isUncertain = true;
    }
    this.addHeaders(request, bends(0.4), random);
    this.addBody(request, kind === 'near' ? 'near' : bends(0.5) ? 'bytes' : 'valid', values, random);
    if (bends(0.03)) {
      headers['x-padding'] = 'p'.repeat(HEADER_LIMIT + 100);
      flaws.add('size');
    }
    return request;
  }

  private identity(
    operation: Operation,
    isBent: boolean,
    random: Random,
    flaws: Set<Flaw>,
  ): { who?: Identity; headers: Record<string, string> } {
    const { access } = operation;
    if (access === 'public') return { headers: isBent ? { ...random.pick(FORGED) } : {} };
    if (isBent) {
      const guest = random.pick(this.world.guests);
      const user = random.pick(this.world.users);
      const wrong = random.pick<Record<string, string>>([
        {},
        ...FORGED,
        // A bad bearer token is refused beside a good guest header.
        { ...guest.headers, authorization: 'Bearer nonsense' },
        ...(access === 'shopper' ? [] : [guest.headers]),
        ...(access === 'role' ? [user.headers] : []),
      ]);
      flaws.add('identity');
      return { headers: { ...wrong } };
    }
    const who =
      access === 'role'
        ? this.world.admin
        : access === 'user'
          ? random.pick(this.world.users)
          : this.world.shopper(random);
    // With both, the user wins.
    const both = who.kind === 'user' && random.chance(0.05) ? random.pick(this.world.guests).headers : {};
    return { who, headers: { ...both, ...who.headers } };
  }

  /** The shop's own name for something, such as a coupon: no number can be too large for it. */
  private isName(schema: Operation['parameters'][number]['schema']): boolean {
    return this.schemas.fits(schema, 'a');
  }

  private target(
    operation: Operation,
    values: Values,
    bends: (share: number) => boolean,
    random: Random,
    flaws: Set<Flaw>,
  ): string {
    const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
      const { schema } = operation.parameters.find((one) => one.name === name && one.in === 'path')!;
      if (!bends(0.5)) return encodeURIComponent(String(values.valid(schema, name)));
      const bad = random.pick(BAD_IDS);
      if (!this.schemas.fits(schema, bad) || (isTooLarge(bad) && !this.isName(schema))) flaws.add('path');
      return bad === '%' ? '%zz' : encodeURIComponent(bad).replaceAll('%2E', '.');
    });
    const query: string[] = [];
    for (const { name, schema } of operation.parameters.filter((one) => one.in === 'query')) {
      if (!random.chance(0.3)) continue;
      const value = bends(0.5) ? String(mutated('', random)) : String(values.valid(schema, name));
      const isId = /Id$|^cursor$/.test(name) && !this.isName(schema);
      // A number in a query is a text.
      const meant = schema['type'] === 'integer' && /^[1-9][0-9]{0,8}$/.test(value) ? Number(value) : value;
      const isWrong = !this.schemas.fits(schema, meant);
      if (isWrong || (isId && isTooLarge(value))) flaws.add('query');
      query.push(`${encodeURIComponent(name)}=${encodeURIComponent(wellFormed(value))}`);
    }
    if (bends(0.15)) {
      query.push(random.pick(['a=1&a=2', '__proto__=1', 'constructor=2', 'group=shop&group=none']));
      flaws.add('query');
    }
    return query.length > 0 ? `${path}?${query.join('&')}` : path;
  }

  private addHeaders({ operation, headers, flaws, who }: FuzzRequest, isBent: boolean, random: Random): void {
    const knows = (name: string) => operation.parameters.some((one) => one.in === 'header' && one.name === name);
    if (knows('If-Match') && random.chance(isBent ? 0.6 : 0.15)) {
      const good = ['*', who?.version ? `"${who.version}"` : '*', '"1"', 'W/"1"', '"a", "b"', `"${2n ** 63n - 1n}"`];
      headers['if-match'] = isBent ? random.pick(BAD_IF_MATCH) : random.pick(good);
      if (isBent) flaws.add('header');
    }
    const key = operation.parameters.find((one) => one.in === 'header' && one.name === 'Idempotency-Key');
    if (key && random.chance(isBent ? 0.6 : key.required ? 0.95 : 0.25)) {
      const keys = key.required ? 10_000 : 40;
      headers['idempotency-key'] = isBent ? random.pick(BAD_KEYS) : `key-${random.int(0, keys)}`;
      if (isBent) flaws.add('header');
    } else if (key?.required) flaws.add('header');
    else if (random.chance(0.02)) headers['idempotency-key'] = 'on-any-route';
    if (random.chance(0.2)) headers['prefer'] = random.pick(PREFERENCES);
    if (random.chance(0.1)) headers['x-device'] = random.pick(['web', 'ios-17/2', 'two words', 'x'.repeat(65), '\xfc']);
    if (random.chance(0.02)) headers['if-none-match'] = '"1"';
    if (random.chance(0.02)) headers['accept'] = random.pick(['text/html', 'image/*', 'application/json;q=0']);
  }

  private addBody(request: FuzzRequest, kind: 'valid' | 'near' | 'bytes', values: Values, random: Random): void {
    const { operation, headers, flaws } = request;
    if (!operation.body) {
      if (operation.method !== 'GET' && random.chance(0.05)) this.addUnwantedBody(request, random);
      return;
    }
    let value = values.valid(operation.body);
    if (kind === 'near') for (let i = random.int(1, 2); i > 0; i--) value = mutated(value, random);
    const text = JSON.stringify(value) ?? '';
    request.body = kind === 'bytes' ? mutatedText(text, random) : Buffer.from(text);
    headers['content-type'] = random.pick(['application/json', 'application/json; charset=utf-8', 'Application/JSON']);
    if (kind === 'bytes' && random.chance(0.2) && request.body.length > 0) {
      headers['content-type'] = random.pick(WRONG_TYPES);
      flaws.add('type');
    }
    if (kind === 'bytes' && random.chance(0.05)) {
      headers['content-encoding'] = 'gzip';
      if (request.body.length > 0) flaws.add('type');
    }
    this.judgeBody(request);
    // Only the service knows which tokens are its own.
    if (kind !== 'valid' && /clientCartId/.test(text)) request.isUncertain = true;
  }

  private addUnwantedBody(request: FuzzRequest, random: Random): void {
    request.body = Buffer.from(random.pick(['{}', '{"a":1}', '[]', 'null', '{', 'x']));
    request.headers['content-type'] = random.pick(['application/json', 'text/plain']);
    if (request.headers['content-type'] === 'text/plain') request.flaws.add('type');
    // Where no fields are asked for, none may come.
    else if (!['{}', 'null'].includes(request.body.toString())) request.flaws.add('body');
  }

  /** Whether the bytes are a body the document allows, decided by the document alone. */
  private judgeBody(request: FuzzRequest): void {
    const { operation, flaws, body } = request;
    const parsed = parse(body!);
    if (body!.length > BODY_LIMIT && !operation.path.endsWith('/admin/skus')) flaws.add('size');
    if (
      parsed === INVALID ||
      hasHalfAPair(parsed) ||
      !this.schemas.fits(operation.body!, parsed === undefined ? {} : parsed)
    )
      flaws.add('body');
    // A document cannot say what the catalogue holds, in which order times come, that tiers differ, nor what -0, an id
    // beyond 64 bits or a time gone by is.
    request.isUncertain ||=
      /-0(?![.\d])/.test(body!.toString()) ||
      hasOddText(parsed) ||
      hasPassed(parsed) ||
      hasOrder(parsed) ||
      leansOnStore(parsed);
  }
}

const INVALID = Symbol('not JSON');

/** undefined for no bytes: no body, whose fields are all missing. */
function parse(body: Buffer): unknown {
  if (body.length === 0) return undefined;
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body));
  } catch {
    return INVALID;
  }
}

/** Half a surrogate pair is no text, wherever it stands. */
function hasHalfAPair(value: unknown): boolean {
  if (typeof value === 'string') return value !== wellFormed(value);
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([key, child]) => hasHalfAPair(key) || hasHalfAPair(child));
}

function hasOddText(value: unknown): boolean {
  if (typeof value === 'string') return isTooLarge(value);
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([key, child]) => hasOddText(key) || hasOddText(child));
}

/** Whether it names a time that has come or is about to. */
function hasPassed(value: unknown): boolean {
  const until = Date.parse(String((value as { until?: unknown } | null | undefined)?.until));
  return until < Date.now() + 60_000;
}

/** Whether it is judged by the catalogue: a change of stock from what there is, a gift that must be a SKU. */
function leansOnStore(value: unknown): boolean {
  const entries = (Array.isArray(value) ? value : [value]) as ({ stockDelta?: unknown; gift?: unknown } | null)[];
  return entries.some((one) => one?.stockDelta !== undefined || one?.gift !== undefined);
}

/** Whether an entry of a list has a period, or several tiers. */
function hasOrder(value: unknown): boolean {
  const entries = (Array.isArray(value) ? value : []) as ({ endsAt?: unknown; tiers?: unknown } | null)[];
  return entries.some((one) => Boolean(one?.endsAt) || (Array.isArray(one?.tiers) && one.tiers.length > 1));
}

function isTooLarge(text: string): boolean {
  return /^\d{19,30}$/.test(text) && BigInt(text) > MAX_ID;
}

function wellFormed(text: string): string {
  return text.replaceAll(/\p{Surrogate}/gu, '\ufffd');
}

/**
 * Carts fill faster than they are emptied, operations is not what is to be tested, and a change of one item is refused
 * more often than not.
 */
function weightOf({ method, path }: Operation): number {
  if (!path.startsWith('/v1/')) return 0.4;
  if (method === 'POST' && /\/items(?:\/batch)?$/.test(path)) return 4;
  if (/^(?:PATCH|PUT) \/v1\/cart\/items\//.test(`${method} ${path}`)) return 2.5;
  return method === 'DELETE' ? 0.5 : 1;
}
