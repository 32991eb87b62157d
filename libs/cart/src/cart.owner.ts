import { LRUCache } from 'lru-cache';
import { hashGuestId } from '@app/identity';
import { OwnerKey } from '@app/redis';

/** Whose cart it is. A guest's id is the secret part of the token: it names the key in Redis and goes nowhere else. */
export interface CartOwner {
  kind: 'user' | 'guest';
  id: string;
}

export function ownerKey(owner: CartOwner): OwnerKey {
  return `${owner.kind}:${owner.id}`;
}

const labels = new LRUCache<string, string>({ max: 10_000 });

/** How the owner is named in events: a guest by the SHA-256 of the id. */
export function ownerLabel(owner: CartOwner): string {
  if (owner.kind === 'user') return `user:${owner.id}`;
  let label = labels.get(owner.id);
  if (!label) labels.set(owner.id, (label = `guest:${hashGuestId(owner.id)}`));
  return label;
}
