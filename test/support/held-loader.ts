import { CartLoader, CartStore } from '@app/cart';
import { CartTable, Database } from '@app/database';
import { NoopLockService } from '@app/redis';

/** A loader of another process, which stands still after its first SELECT until it is told to go on. */
export function heldLoader(store: CartStore, database: Database) {
  const held = new CartTable(database);
  let [begin, goOn] = [() => {}, () => {}];
  const hasRead = new Promise<void>((resolve) => (begin = resolve));
  const mayGoOn = new Promise<void>((resolve) => (goOn = resolve));
  const load = held.load.bind(held);
  held.load = async (userId) => {
    const rows = await load(userId);
    begin();
    await mayGoOn;
    return rows;
  };
  return { loader: new CartLoader(store, held, new NoopLockService()), hasRead, goOn };
}
