/** 100 % in the unit of `percentOff`. */
export const WHOLE = 10_000n;

/** `dividend ÷ divisor` to the nearest whole cent, a half upwards. Neither may be negative. */
export function roundHalfUp(dividend: bigint, divisor: bigint): number {
  return Number((2n * dividend + divisor) / (2n * divisor));
}

/** A percentage of an amount in cents. Through bigint: an amount × 10,000 may be past what a number holds exactly. */
export function percentOf(amount: number, percentOff: number): number {
  return roundHalfUp(BigInt(amount) * BigInt(percentOff), WHOLE);
}

export function sum(amounts: readonly number[]): number {
  return amounts.reduce((total, amount) => total + amount, 0);
}

/** What one part counts for when a discount is shared out. */
export interface Weight {
  skuId: string;
  weight: bigint;
}

/**
 * Shares cents by weight, so that the shares sum to them exactly: everybody gets the whole cents of the exact share, and
 * what is left goes cent by cent to the largest remainders, among equals to the lower skuId.
 */
export function shareOut(cents: number, parts: readonly Weight[]): number[] {
  const whole = parts.reduce((total, { weight }) => total + weight, 0n);
  if (whole === 0n) return parts.map(() => 0);
  const exact = parts.map(({ skuId, weight }, index) => {
    const product = BigInt(cents) * weight;
    return { index, skuId, share: product / whole, remainder: product % whole };
  });
  const shares = exact.map(({ share }) => Number(share));
  const left = cents - sum(shares);
  exact.sort((a, b) => compareBig(b.remainder, a.remainder) || compareIds(a.skuId, b.skuId));
  for (const { index } of exact.slice(0, left)) shares[index]! += 1;
  return shares;
}

function compareBig(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** By value: decimal strings without leading zeros, which a number would not hold. */
export function compareIds(a: string, b: string): number {
  return a.length - b.length || compareText(a, b);
}

/** By character code, the same on every machine; `localeCompare` is not. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
