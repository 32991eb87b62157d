import { Module } from '@nestjs/common';
import { CartModule } from '@app/cart';
import { InventoryCheckModule } from '@app/inventory-check';
import { PricingModule } from '@app/pricing';
import { DeskModule } from '@app/sync';
import { CompanionTable } from './companion.table.js';
import { CompanionsLearner } from './companions.learner.js';
import { Companions } from './companions.js';
import { GapClosers } from './gap-closers.js';
import { OrderBaskets } from './order.baskets.js';
import { RecommendationsController } from './recommendations.controller.js';
import { RecommendationsService } from './recommendations.service.js';

@Module({
  imports: [CartModule, InventoryCheckModule, PricingModule, DeskModule],
  controllers: [RecommendationsController],
  providers: [Companions, CompanionsLearner, CompanionTable, GapClosers, OrderBaskets, RecommendationsService],
})
export class RecommendationsModule {}
