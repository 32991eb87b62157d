export { CartChangedWriter } from './cart-changed.writer.js';
export { ChangeLogTable } from './change-log.table.js';
export { DeadLetterTable } from './dead-letter.table.js';
export { OutboxStore } from './outbox.store.js';
export { OutboxRelay } from './outbox.relay.js';
export { SyncMetrics } from './sync.metrics.js';
export { SyncModule } from './sync.module.js';
export { SyncService } from './sync.service.js';
