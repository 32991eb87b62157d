import fc from 'fast-check';
import {
  Command,
  commandsOf,
  fillingOf,
  GUESTS,
  Ids,
  operationsOf,
  operatorOf,
  sceneOf,
  USERS,
  WEIGHTS,
} from './commands.js';
import { Race } from './parallel.js';
import { Operation } from './requests.js';

/** Several clients change one cart. */
export function raceOf(ids: Ids, owner: string): fc.Arbitrary<Race> {
  const command = commandsOf(ids, WEIGHTS, [owner]);
  return racesOf(ids, fc.oneof(fillingOf(ids, [owner, owner, GUESTS[1]]), command, operatorOf(ids)), command);
}

/** A guest logs in, on several devices at once, and goes on adding on another. */
export function loginRaceOf(ids: Ids): fc.Arbitrary<Race> {
  const [user, guest] = [USERS[0], GUESTS[0]];
  const merge = operationsOf(ids).merge.map((operation): Command => {
    return { by: 'shopper', owner: user, operation: { ...operation, guest } as Operation };
  });
  const adding = commandsOf(ids, { add: 4, update: 1, delete: 1, batch: 1 }, [guest]).map((command): Command => {
    // A repeat is answered beside the cart, and that of a guest is neither here nor there while it is merged.
    return command.by === 'shopper' ? { ...command, key: undefined } : { by: 'repeat', back: 0 };
  });
  const command = fc.oneof(merge, merge, commandsOf(ids, WEIGHTS, [user]), adding);
  return racesOf(ids, fillingOf(ids, [guest, guest, user]), command);
}

function racesOf(ids: Ids, before: fc.Arbitrary<Command>, command: fc.Arbitrary<Command>): fc.Arbitrary<Race> {
  const client = fc.array(command, { minLength: 1, maxLength: 7, size: 'max' });
  return fc.record({
    scene: sceneOf(ids),
    before: fc.array(before, { maxLength: 8, size: 'max' }),
    clients: fc.array(client, { minLength: 2, maxLength: 4, size: 'max' }),
  });
}
