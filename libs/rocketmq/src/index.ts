export { EventClient } from './event.client.js';
export type { EmitOptions } from './event.client.js';
export { MAX_BODY_BYTES } from './event.packet.js';
export type { PoisonReason } from './event.packet.js';
export { EventSeal, SEAL_PROPERTY } from './event.seal.js';
export type { SealOptions } from './event.seal.js';
export { EventPublisher } from './event.publisher.js';
export { EventServer, ROCKETMQ_TRANSPORT } from './event.server.js';
export type { PoisonHook } from './event.server.js';
export { InProcessBroker } from './in-process.broker.js';
export type { InProcessOptions } from './in-process.broker.js';
export { InProcessClient } from './in-process.client.js';
export { InProcessServer } from './in-process.server.js';
export type { InProcessServerOptions } from './in-process.server.js';
export { RocketmqClient } from './rocketmq.client.js';
export { RocketmqContext } from './rocketmq.context.js';
export type { EventMessage } from './rocketmq.context.js';
export { RocketmqModule } from './rocketmq.module.js';
export type { RocketmqModuleAsyncOptions, RocketmqModuleOptions, RocketmqPublisherOptions } from './rocketmq.module.js';
export type { RocketmqOptions, RocketmqServerOptions } from './rocketmq.options.js';
export { RocketmqServer } from './rocketmq.server.js';
export {
  PayloadTooLargeError,
  RequestReplyError,
  TransportClosedError,
  TransportUnavailableError,
} from './transport.errors.js';
export type { TransportState, TransportStatus } from './transport.status.js';
