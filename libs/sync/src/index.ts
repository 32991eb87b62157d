export { CartChangedWriter } from './cart-changed.writer.js';
export { OutboxStore } from './outbox.store.js';
export { SyncModule } from './sync.module.js';
export { SyncService } from './sync.service.js';
