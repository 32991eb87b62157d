import { AppError } from '@app/common';
import type { Caller } from '@app/identity';

/** Live streams of one process. Guests cost nothing to make up, so some places are left to users. */
const MOST = { all: 5_000, guests: 4_000, guestsOfAddress: 200, ofOne: 20 };

/** Counts the live streams of a process, from the request on: many that open at once are counted too. */
export class StreamPlaces {
  private all = 0;
  private guests = 0;
  private readonly ofAddress = new Map<string, number>();
  private readonly ofOwner = new Map<string, number>();

  constructor(private readonly most = MOST) {}

  /**
   * Takes a place for a stream and returns how to leave it. Throws RATE_LIMITED when the caller, or the guests of the
   * address, have all of theirs, and CART_UNAVAILABLE when the process has none left.
   */
  take({ kind, id }: Caller, address: string): () => void {
    const { most, ofAddress, ofOwner } = this;
    const owner = `${kind}:${id}`;
    const isGuest = kind === 'guest';
    if ((ofOwner.get(owner) ?? 0) >= most.ofOne) throw new AppError('RATE_LIMITED');
    if (isGuest && (ofAddress.get(address) ?? 0) >= most.guestsOfAddress) throw new AppError('RATE_LIMITED');
    if (this.all >= most.all || (isGuest && this.guests >= most.guests)) {
      throw new AppError('CART_UNAVAILABLE', [], 'Too many streams are open');
    }
    const count = (by: 1 | -1) => {
      this.all += by;
      add(ofOwner, owner, by);
      if (!isGuest) return;
      this.guests += by;
      add(ofAddress, address, by);
    };
    count(1);
    let isLeft = false;
    return () => {
      if (!isLeft) count(-1);
      isLeft = true;
    };
  }
}

function add(counts: Map<string, number>, key: string, by: number): void {
  const count = (counts.get(key) ?? 0) + by;
  if (count > 0) counts.set(key, count);
  else counts.delete(key);
}
