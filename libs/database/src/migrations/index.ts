import { Cart1763800000000 } from './1763800000000-cart.js';

/** In the order they run. Listed, so that a stray file is never a migration. */
export const migrations = [Cart1763800000000];
