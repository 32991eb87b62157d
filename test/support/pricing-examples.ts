import type { OwnedCoupon, PricedLine, Promotion, Scope } from '@app/pricing';

/** One row of the tables in docs/pricing.md. Cents. */
export interface Example {
  number: number;
  reason: string;
  lines: PricedLine[];
  promotions: Promotion[];
  coupons: OwnedCoupon[];
  declined: Set<string>;
  stock: Map<string, number>;
  expected: {
    off: Map<string, number[]>;
    payable: number;
    promotions: Map<string, { reached: boolean; gap: number | null }>;
    gifts: string[];
    refused: { couponId: string; code: string; gap: number | null }[];
    best: string[] | null;
  };
}

/** Whatever is not understood throws, so that no row is passed over. */
export function readExamples(document: string, now: number): Example[] {
  const rows = document.split('\n').filter((row) => /^\| *\d+ *\|/.test(row));
  return rows.map((row) => {
    const cells = row.split('|').slice(1, -1);
    if (cells.length !== 7) throw new Error(`Not seven cells: ${row}`);
    const [number, items, terms, reason, off, payable, and] = cells.map((cell) => cell.trim());
    const rest = readTerms(split(terms!), now);
    return {
      number: Number(number),
      reason: reason!,
      lines: split(items!).map(readLine),
      ...rest,
      expected: { ...readOutcome(split(and!)), off: new Map(split(off!).map(readOff)), payable: cents(payable!) },
    };
  });
}

function split(cell: string): string[] {
  return cell === '' ? [] : cell.split('<br>').map((part) => part.trim());
}

function cents(text: string): number {
  const [, units, rest = ''] = /^(\d+)(?:\.(\d\d))?$/.exec(text.trim()) ?? fail(text);
  return Number(units + rest.padEnd(2, '0'));
}

function readLine(text: string): PricedLine {
  const [, skuId, shopId, quantity, price] = /^(\d+)@(\d+) (\d+)×([\d.]+)$/.exec(text) ?? fail(text);
  return { skuId: skuId!, shopId: shopId!, quantity: Number(quantity), price: cents(price!) };
}

function readOff(text: string): [string, number[]] {
  const [, skuId, promotions, coupons = '0.00'] = /^(\d+): ([\d.]+)(?: \+ ([\d.]+))?$/.exec(text) ?? fail(text);
  return [skuId!, [cents(promotions!), cents(coupons)]];
}

function readTerms(texts: string[], now: number): Pick<Example, 'promotions' | 'coupons' | 'declined' | 'stock'> {
  const terms = { promotions: [] as Promotion[], coupons: [] as OwnedCoupon[] };
  const declined = new Set<string>();
  const stock = new Map<string, number>();
  for (const text of texts) {
    const known = /^stock (\d+): (\d+)$/.exec(text);
    if (known) {
      stock.set(known[1]!, Number(known[2]));
      continue;
    }
    const [, id, state = '', scope, what] = /^(\w+)(?: \((.+)\))?: ([^,]+), (.+)$/.exec(text) ?? fail(text);
    if (state === 'declined') declined.add(id!);
    const common = { label: text, scope: readScope(scope!), ...readState(state, now) };
    const coupon = /^coupon (.+)$/.exec(what!);
    if (coupon) terms.coupons.push({ couponId: id!, granted: 1, used: 0, ...common, ...readCoupon(coupon[1]!) });
    else terms.promotions.push({ promotionId: id!, priority: 0, ...common, ...readKind(what!) });
  }
  return { ...terms, declined, stock };
}

function readScope(text: string): Scope {
  if (text === 'all') return { platform: true };
  const [, kind, ids] = /^(shop|sku) ([\d ]+)$/.exec(text) ?? fail(text);
  return kind === 'shop' ? { shopId: ids! } : { skuIds: ids!.split(' ') };
}

function readState(text: string, now: number) {
  const always = { startsAt: null, endsAt: null, status: 'on' as const };
  const priority = /^priority (\d+)$/.exec(text);
  if (priority) return { ...always, priority: Number(priority[1]) };
  switch (text) {
    case '':
    case 'declined':
      return always;
    case 'begins now':
      return { ...always, startsAt: now };
    case 'begins later':
      return { ...always, startsAt: now + 1 };
    case 'ends now':
      return { ...always, endsAt: now };
    case 'ends later':
      return { ...always, endsAt: now + 1 };
    case 'off':
      return { ...always, status: 'off' as const };
    case 'used':
      return { ...always, used: 1 };
    default:
      return fail(text);
  }
}

/** What a promotion of its kind has, as the words of the table say it. */
function readKind(text: string) {
  const every = /^([\d.]+) off every ([\d.]+)$/.exec(text);
  if (every) {
    const tiers = [{ threshold: cents(every[2]!), discount: cents(every[1]!) }];
    return { kind: 'full_reduction' as const, tiers, repeat: 'every' as const };
  }
  const gift = /^gift (\d+)×(\d+) from ([\d.]+)$/.exec(text);
  if (gift) {
    const what = { skuId: gift[1]!, quantity: Number(gift[2]) };
    return { kind: 'full_gift' as const, threshold: cents(gift[3]!), gift: what };
  }
  const nth = /^([\d.]+)% off every (\d+)(?:nd|rd|th)$/.exec(text);
  if (nth) return { kind: 'nth_item' as const, n: Number(nth[2]), percentOff: cents(nth[1]!) };
  const percent = /^([\d.]+)% off$/.exec(text);
  if (percent) return { kind: 'percent_off' as const, percentOff: cents(percent[1]!) };
  const price = /^at ([\d.]+)$/.exec(text);
  if (price) return { kind: 'fixed_price' as const, price: cents(price[1]!) };
  const tiers = text.split(', ').map((tier) => {
    const [, discount, threshold] = /^([\d.]+) off from ([\d.]+)$/.exec(tier) ?? fail(tier);
    return { threshold: cents(threshold!), discount: cents(discount!) };
  });
  return { kind: 'full_reduction' as const, tiers, repeat: 'once' as const };
}

function readCoupon(text: string) {
  const [, amount, percent, cap, from] =
    /^(?:([\d.]+)|([\d.]+)%) off(?: up to ([\d.]+))? from ([\d.]+)$/.exec(text) ?? fail(text);
  const threshold = cents(from!);
  if (amount) return { kind: 'fixed' as const, amount: cents(amount), threshold };
  return { kind: 'percent' as const, percentOff: cents(percent!), cap: cap ? cents(cap) : null, threshold };
}

function readOutcome(texts: string[]): Omit<Example['expected'], 'off' | 'payable'> {
  const outcome: Omit<Example['expected'], 'off' | 'payable'> = {
    promotions: new Map(),
    gifts: [],
    refused: [],
    best: null,
  };
  for (const text of texts) {
    const [first = '', ...words] = text.split(' ');
    if (first === 'gift') outcome.gifts.push(words.join(' '));
    else if (first === 'best') outcome.best = words;
    else if (first === 'refused') {
      const [couponId = '', code = '', gap] = words;
      outcome.refused.push({ couponId, code, gap: gap === undefined ? null : cents(gap) });
    } else outcome.promotions.set(first, readStanding(words.join(' ')));
  }
  return outcome;
}

function readStanding(text: string): { reached: boolean; gap: number | null } {
  const [, state, gap] = /^(reached|not reached)?(?:(?:, )?([\d.]+) to go)?$/.exec(text) ?? fail(text);
  return { reached: state === 'reached', gap: gap === undefined ? null : cents(gap) };
}

function fail(text: string): never {
  throw new Error(`Not understood: ${text}`);
}
