import { Cart1763800000000 } from './1763800000000-cart.js';
import { SettingsAndSkuLists1763900000000 } from './1763900000000-settings-and-sku-lists.js';
import { OperatorsDesk1764000000000 } from './1764000000000-operators-desk.js';
import { PromotionsAndOrders1764100000000 } from './1764100000000-promotions-and-orders.js';
import { ShopperEvents1764300000000 } from './1764300000000-shopper-events.js';
import { DevicesAndGaps1764400000000 } from './1764400000000-devices-and-gaps.js';
import { Recommendations1764500000000 } from './1764500000000-recommendations.js';
import { OrderAmounts1764600000000 } from './1764600000000-order-amounts.js';
import { RowsOfOthers1764700000000 } from './1764700000000-rows-of-others.js';
import { CatalogueOfShops1764820000000 } from './1764820000000-catalogue-of-shops.js';
import { OrderLists1764840000000 } from './1764840000000-order-lists.js';
import { TimesInUtc1764860000000 } from './1764860000000-times-in-utc.js';
import { LinesOfMany1764870000000 } from './1764870000000-lines-of-many.js';

/** In the order they run. Listed, so that a stray file is never a migration. */
export const migrations = [
  Cart1763800000000,
  SettingsAndSkuLists1763900000000,
  OperatorsDesk1764000000000,
  PromotionsAndOrders1764100000000,
  ShopperEvents1764300000000,
  DevicesAndGaps1764400000000,
  Recommendations1764500000000,
  OrderAmounts1764600000000,
  RowsOfOthers1764700000000,
  CatalogueOfShops1764820000000,
  OrderLists1764840000000,
  TimesInUtc1764860000000,
  LinesOfMany1764870000000,
];
