import { Module } from '@nestjs/common';
import { CartModule } from '@app/cart';
import { Env } from '@app/common';
import { RocketmqModule, RocketmqModuleOptions } from '@app/rocketmq';
import { brokerOptions } from './broker-options.js';
import { CartChangedConsumer } from './cart-changed.consumer.js';
import { CartChangedWriter } from './cart-changed.writer.js';
import { CartSyncController } from './cart-sync.controller.js';
import { DeadLetterTable } from './dead-letter.table.js';
import { Epochs } from './epochs.js';
import { MysqlBreaker } from './mysql.breaker.js';
import { OutboxRelay } from './outbox.relay.js';
import { OutboxStore } from './outbox.store.js';
import { OverflowStore } from './overflow/overflow.store.js';
import { RedisFeedback } from './redis.feedback.js';
import { SyncAdminController } from './sync.admin.controller.js';
import { SyncMetrics } from './sync.metrics.js';
import { SyncService } from './sync.service.js';
import { SyncTablesModule } from './sync-tables.module.js';

const transport = RocketmqModule.registerAsync({
  imports: [SyncTablesModule],
  inject: [Env, DeadLetterTable],
  useFactory: (env: Env, deadLetters: DeadLetterTable): RocketmqModuleOptions => {
    const onPoison: RocketmqModuleOptions['onPoison'] = ({ id, body }, reason) =>
      deadLetters.add([{ messageId: id, reason: `the message is ${reason}`, body }]);
    if (env.TRANSPORT === 'in-process') return { transport: 'in-process', topic: env.ROCKETMQ_TOPIC, onPoison };
    return {
      transport: 'rocketmq',
      ...brokerOptions(env),
      topic: env.ROCKETMQ_TOPIC,
      group: env.ROCKETMQ_GROUP,
      onPoison,
    };
  },
});

@Module({
  imports: [CartModule, SyncTablesModule, transport],
  controllers: [CartChangedConsumer, CartSyncController, SyncAdminController],
  providers: [
    CartChangedWriter,
    Epochs,
    MysqlBreaker,
    RedisFeedback,
    OutboxRelay,
    OutboxStore,
    OverflowStore,
    SyncMetrics,
    SyncService,
  ],
  exports: [CartChangedWriter, Epochs, OutboxStore, OverflowStore, SyncMetrics, SyncService, transport],
})
export class SyncModule {}
