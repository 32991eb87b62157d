import { LockNodeClient, ResourceLockedError } from 'redlock';
import { describe, expect, it } from 'vitest';
import { refusalOf } from './lock-nodes.js';

const locked = new ResourceLockedError('held');
const dead = new Error('not connected');

function votes(membershipSize: number, errors: Error[]) {
  const votesAgainst = new Map(errors.map((error) => [{} as LockNodeClient, error]));
  return { membershipSize, quorumSize: Math.floor(membershipSize / 2) + 1, votesAgainst };
}

describe(refusalOf.name, () => {
  it.each([
    [1, [locked], 'held'],
    [1, [dead], 'unreachable'],
    [3, [locked, locked], 'held'],
    [3, [locked, locked, dead], 'held'],
    [3, [locked, dead], 'held'], // the third granted: two answered, so it is contention
    [3, [locked, dead, dead], 'unreachable'],
    [3, [dead, dead], 'unreachable'],
    [5, [locked, dead, dead], 'held'],
    [5, [locked, dead, dead, dead], 'unreachable'],
  ])('of %i nodes, votes against %o: %s', (nodes, errors, refusal) => {
    expect(refusalOf(votes(nodes, errors))).toBe(refusal);
  });
});
