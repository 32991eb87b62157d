/** A list of a thousand SKUs is recognised by its first; the rest is counted. */
const MOST_ENTRIES = 5;
const MOST_FIELDS = 30;
const MOST_CHARS = 200;
const MOST_DEPTH = 5;
const MOST_TOTAL = 4_000;
const SECRET = /token|secret|password|authorization|cookie|clientcartid|credential|apikey/i;

/** A body as the audit keeps it: JSON of at most 4,000 characters, without secrets. `null` when there was none. */
export function summariseBody(body: unknown): string | null {
  if (body === undefined || body === null) return null;
  const text = JSON.stringify(shorten(body, 0));
  return text.length <= MOST_TOTAL ? text : `${text.slice(0, MOST_TOTAL - 1)}…`;
}

function shorten(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return value.length <= MOST_CHARS ? value : `${value.slice(0, MOST_CHARS)}…`;
  if (typeof value !== 'object' || value === null) return value;
  if (depth === MOST_DEPTH) return '…';
  if (Array.isArray(value)) {
    const first = value.slice(0, MOST_ENTRIES).map((entry) => shorten(entry, depth + 1));
    return value.length <= MOST_ENTRIES ? first : [...first, `… ${value.length - MOST_ENTRIES} more`];
  }
  const fields = Object.entries(value);
  const shown = fields
    .slice(0, MOST_FIELDS)
    .map(([name, field]) => [name.slice(0, MOST_CHARS), SECRET.test(name) ? '***' : shorten(field, depth + 1)]);
  return Object.fromEntries(
    fields.length <= MOST_FIELDS ? shown : [...shown, ['…', `${fields.length - MOST_FIELDS} more`]],
  );
}
