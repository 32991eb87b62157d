import { DynamicModule, Module } from '@nestjs/common';
import { CartModule } from '@app/cart';
import { CheckoutModule, CouponsModule } from '@app/checkout';
import { Env, EnvModule, MetricsModule } from '@app/common';
import { DatabaseModule } from '@app/database';
import { IdempotencyModule, IdentityModule } from '@app/identity';
import { InventoryCheckModule } from '@app/inventory-check';
import { MergeModule } from '@app/merge';
import { PricingModule } from '@app/pricing';
import { RecommendationsModule } from '@app/recommendations';
import { RedisModule } from '@app/redis';
import { DeskModule, ShopperEventsModule, SyncModule } from '@app/sync';
import { HealthController } from './health.controller.js';
import { HealthMetrics } from './health.metrics.js';
import { HealthService } from './health.service.js';
import { LockMetrics } from './lock.metrics.js';
import { PartProbes } from './part-probes.js';
import { MetricsPage } from './metrics.page.js';
import { MetricsController } from './metrics.controller.js';

/** The only place that knows every lib. */
@Module({
  imports: [
    EnvModule,
    MetricsModule,
    RedisModule,
    DatabaseModule,
    IdempotencyModule,
    InventoryCheckModule,
    PricingModule,
    CartModule,
    CouponsModule,
    MergeModule,
    SyncModule,
    DeskModule,
    ShopperEventsModule,
    RecommendationsModule,
  ],
  controllers: [HealthController],
  providers: [HealthMetrics, HealthService, LockMetrics, MetricsPage, PartProbes],
})
export class AppModule {
  /** The settings decide which routes exist. */
  static forRoot(env: Env): DynamicModule {
    return {
      module: AppModule,
      imports: [IdentityModule.forRoot(env), CheckoutModule.forRoot(env)],
      controllers: env.METRICS_PORT === undefined ? [MetricsController] : [],
    };
  }
}
