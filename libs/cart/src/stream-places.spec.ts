import { describe, expect, it } from 'vitest';
import type { Caller } from '@app/identity';
import { StreamPlaces } from './stream-places.js';

const guest = (id: string) => ({ kind: 'guest', id }) as Caller;
const user = (id: string) => ({ kind: 'user', id, roles: [] }) as Caller;
const refusedWith = (code: string) => expect.objectContaining({ code }) as Error;

describe(StreamPlaces.name, () => {
  const places = () => new StreamPlaces({ all: 10, guests: 6, guestsOfAddress: 4, ofOne: 3 });

  it('B5: guests of one address have so many, and leave the rest to others', () => {
    const some = places();
    for (let i = 0; i < 4; i++) some.take(guest(`g${i}`), 'a');
    expect(() => some.take(guest('g5'), 'a')).toThrow(refusedWith('RATE_LIMITED'));
    some.take(guest('g6'), 'b');
    some.take(user('1'), 'a');
  });

  it('B5: a share is kept for users, whatever guests from many addresses do', () => {
    const some = places();
    for (let i = 0; i < 6; i++) some.take(guest(`g${i}`), `a${i}`);
    expect(() => some.take(guest('g7'), 'a7')).toThrow(refusedWith('CART_UNAVAILABLE'));
    for (let i = 0; i < 4; i++) some.take(user(String(i)), 'a');
    expect(() => some.take(user('9'), 'a')).toThrow(refusedWith('CART_UNAVAILABLE'));
  });

  it('one owner has so many, and a place that was left is free, once', () => {
    const some = places();
    const leave = [1, 2, 3].map(() => some.take(user('1'), 'a'));
    expect(() => some.take(user('1'), 'b')).toThrow(refusedWith('RATE_LIMITED'));
    leave[0]!();
    leave[0]!();
    some.take(user('1'), 'a');
    expect(() => some.take(user('1'), 'a')).toThrow(refusedWith('RATE_LIMITED'));
  });
});
