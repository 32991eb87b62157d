const DAY_MS = 86_400_000;
const TWO_DIGITS = Array.from({ length: 60 }, (_, n) => String(n).padStart(2, '0'));
const THREE_DIGITS = Array.from({ length: 1000 }, (_, n) => String(n).padStart(3, '0'));

/** The day written last: times come in runs of one day, and `Date` needs ten times as long as the rest. */
let day = NaN;
let date = '';

/** Milliseconds → ISO 8601 with milliseconds, UTC. Throws RangeError for what is no time. */
export function toIso(ms: number): string {
  return `${dateOf(ms)}T${timeOf(ms)}Z`;
}

/** Milliseconds → `YYYY-MM-DD hh:mm:ss.mmm`, UTC, the form MySQL takes without a time zone in between. Throws as {@link toIso}. */
export function toDateTime(ms: number): string {
  return `${dateOf(ms)} ${timeOf(ms)}`;
}

export function fromDateTime(text: string): number {
  return Date.parse(`${text.replace(' ', 'T')}Z`);
}

function dateOf(ms: number): string {
  const wanted = Math.floor(ms / DAY_MS);
  if (wanted !== day) {
    const iso = new Date(wanted * DAY_MS).toISOString();
    date = iso.slice(0, iso.indexOf('T'));
    day = wanted;
  }
  return date;
}

function timeOf(ms: number): string {
  const rest = ms - Math.floor(ms / DAY_MS) * DAY_MS;
  const seconds = Math.floor(rest / 1000);
  const minutes = Math.floor(seconds / 60);
  return `${TWO_DIGITS[Math.floor(minutes / 60)]}:${TWO_DIGITS[minutes % 60]}:${TWO_DIGITS[seconds % 60]}.${THREE_DIGITS[rest % 1000]}`;
}
