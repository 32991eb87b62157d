export { CartTable, compareDecimals, highestVersion } from './cart.table.js';
export type { RecentCursor, StoredCart } from './cart.table.js';
export type { CartChange, CartItem, CartRow, ChangedItem, EventOwner, ProductSnapshot } from './cart-item.js';
export {
  formatItem,
  fromCents,
  isVersion,
  parseItem,
  parseOutboxEntry,
  sameItem,
  toCartRows,
  toCents,
  tryItem,
} from './cart-row.mapper.js';
export { fromDateTime, toDateTime, toIso } from './date-time.js';
export { Database, DatabaseUnavailableError } from './database.js';
export type { Query } from './database.js';
export { DatabaseModule } from './database.module.js';
export { foldText, searchTextOf } from './search-text.js';
export { Slots } from './slots.js';
export { snapshotOf, snapshotTextOf } from './snapshots.js';
