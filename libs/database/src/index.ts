export { CartTable, compareDecimals } from './cart.table.js';
export type { StoredCart } from './cart.table.js';
export type { CartChange, CartItem, CartRow, ChangedItem, EventOwner, ProductSnapshot } from './cart-item.js';
export {
  formatItem,
  formatSnapshot,
  fromCents,
  fromDateTime,
  parseItem,
  parseOutboxEntry,
  sameItem,
  toCartRows,
  toCents,
  toDateTime,
} from './cart-row.mapper.js';
export { Database, DatabaseUnavailableError } from './database.js';
export type { Query } from './database.js';
export { DatabaseModule } from './database.module.js';
export { Slots } from './slots.js';
