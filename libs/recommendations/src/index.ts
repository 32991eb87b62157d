export { Baskets, MAX_BASKET, MIN_ORDERS } from './baskets.js';
export type { Companion } from './baskets.js';
export { Companions } from './companions.js';
export { CompanionTable } from './companion.table.js';
export { CompanionsLearner } from './companions.learner.js';
export { GapClosers } from './gap-closers.js';
export { OrderBaskets } from './order.baskets.js';
export { RecommendationsModule } from './recommendations.module.js';
export { RecommendationsService } from './recommendations.service.js';
