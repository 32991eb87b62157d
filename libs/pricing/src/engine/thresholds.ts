import { shareOut, sum } from './arithmetic.js';
import type { Reduction } from './item-offers.js';
import type { FullGift, FullReduction, Promotion } from './promotion.js';
import type { AppliedPromotion, PricedLine } from './quote.js';
import { covers } from './scope.js';

type WithThreshold = Promotion & (FullReduction | FullGift);

/** A promotion with what the items that could join it came to. */
interface Standing<P extends WithThreshold> {
  promotion: P;
  /** Indexes of the lines. */
  members: number[];
  amount: number;
  reached: boolean;
}

/**
 * Step 3, reductions: `amounts` are what each line comes to after step 2, `promotions` come in order of precedence.
 */
export function takeReductions(
  lines: readonly PricedLine[],
  amounts: readonly number[],
  promotions: readonly Promotion[],
): Reduction {
  const discounts = lines.map(() => 0);
  const applied = join(lines, amounts, promotions.filter(isFullReduction)).map((standing): AppliedPromotion => {
    const { promotion, members, amount, reached } = standing;
    const discount = reached ? Math.min(reductionOf(promotion, amount), amount) : 0;
    const weights = members.map((index) => ({ skuId: lines[index]!.skuId, weight: BigInt(amounts[index]!) }));
    const shares = shareOut(discount, weights);
    shares.forEach((share, i) => (discounts[members[i]!] = share));
    const skuIds = weights.map(({ skuId }) => skuId);
    return { promotion, skuIds, shares, reached, gap: gapTo(thresholdsOf(promotion), amount), discount };
  });
  return { discounts, promotions: applied };
}

/**
 * Step 3, gifts: which of them are reached, whether or not the shopper wants what they give. One that `isThere` denies
 * gives no hint: nothing would come of reaching it.
 */
export function reachGifts(
  lines: readonly PricedLine[],
  amounts: readonly number[],
  promotions: readonly Promotion[],
  isThere: (promotion: FullGift) => boolean,
): (AppliedPromotion & { promotion: FullGift })[] {
  const standings = join(lines, amounts, promotions.filter(isFullGift), isThere);
  return standings.map(({ promotion, members, amount, reached }) => ({
    promotion,
    skuIds: members.map((index) => lines[index]!.skuId),
    shares: members.map(() => 0),
    reached,
    gap: isThere(promotion) ? gapTo(thresholdsOf(promotion), amount) : null,
    discount: 0,
  }));
}

/**
 * Each item joins the first promotion in order that is reached with the items none before it took; an amount never
 * counts towards two. Items left over join the first promotion that was not reached, those that hint before the others.
 * Its amount is that of its turn, with items a later one took meanwhile: were it reached, it would have them, so that is
 * how far it is from it.
 */
function join<P extends WithThreshold>(
  lines: readonly PricedLine[],
  amounts: readonly number[],
  promotions: readonly P[],
  hints: (promotion: P) => boolean = () => true,
): Standing<P>[] {
  const free = new Set(lines.keys());
  const standings = promotions.map((promotion): Standing<P> => {
    const members = [...free].filter((index) => covers(promotion.scope, lines[index]!));
    const amount = sum(members.map((index) => amounts[index]!));
    const reached = members.length > 0 && thresholdsOf(promotion).some((threshold) => amount >= threshold);
    if (reached) for (const index of members) free.delete(index);
    return { promotion, members, amount, reached };
  });
  const open = standings.filter(({ reached }) => !reached);
  const [hinting, silent] = [true, false].map((wanted) => open.filter(({ promotion }) => hints(promotion) === wanted));
  for (const standing of [...hinting!, ...silent!]) {
    standing.members = standing.members.filter((index) => free.delete(index));
  }
  return standings.filter(({ members }) => members.length > 0);
}

function thresholdsOf(promotion: FullReduction | FullGift): number[] {
  if (promotion.kind === 'full_gift') return [promotion.threshold];
  return promotion.tiers.map(({ threshold }) => threshold);
}

function gapTo(thresholds: readonly number[], amount: number): number | null {
  const ahead = thresholds.filter((threshold) => threshold > amount);
  return ahead.length === 0 ? null : Math.min(...ahead) - amount;
}

/** The highest tier reached; with `every`, as often as its threshold fits. */
function reductionOf({ tiers, repeat }: FullReduction, amount: number): number {
  const reached = tiers.filter(({ threshold }) => threshold <= amount);
  const { threshold, discount } = reached.reduce((high, tier) => (tier.threshold > high.threshold ? tier : high));
  return repeat === 'every' && threshold > 0 ? discount * Math.floor(amount / threshold) : discount;
}

function isFullReduction(promotion: Promotion): promotion is Extract<Promotion, FullReduction> {
  return promotion.kind === 'full_reduction';
}

function isFullGift(promotion: Promotion): promotion is Extract<Promotion, FullGift> {
  return promotion.kind === 'full_gift';
}
