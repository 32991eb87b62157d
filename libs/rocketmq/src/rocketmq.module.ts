import { type DynamicModule, type FactoryProvider, Module, type ModuleMetadata } from '@nestjs/common';
import { ClientEventPublisher } from './client-event.publisher.js';
import type { EventClient } from './event.client.js';
import { EventPublisher } from './event.publisher.js';
import { EventServer } from './event.server.js';
import { InProcessBroker, type InProcessOptions } from './in-process.broker.js';
import { InProcessClient } from './in-process.client.js';
import { InProcessServer, type InProcessServerOptions } from './in-process.server.js';
import { RocketmqClient } from './rocketmq.client.js';
import type { RocketmqOptions, RocketmqServerOptions } from './rocketmq.options.js';
import { RocketmqServer } from './rocketmq.server.js';

export type RocketmqModuleOptions =
  | ({ transport: 'rocketmq' } & RocketmqServerOptions)
  | ({ transport: 'in-process' } & InProcessOptions & InProcessServerOptions);

export interface RocketmqModuleAsyncOptions {
  imports?: ModuleMetadata['imports'];
  inject?: FactoryProvider['inject'];
  // Nest cannot relate the types of a factory's arguments to the tokens it injects.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  useFactory: (...dependencies: any[]) => RocketmqModuleOptions | Promise<RocketmqModuleOptions>;
}

export interface RocketmqPublisherOptions extends Omit<RocketmqModuleAsyncOptions, 'useFactory'> {
  /** Under which token the {@link EventPublisher} is injected. */
  provide: string | symbol;
  /** `null`: there is no such topic, and `null` is injected. */
  useFactory: (...dependencies: never[]) => RocketmqOptions | null;
}

/** Sender and receiver of one topic, made together because in process they share the queue. */
class Transport {
  constructor(
    readonly client: EventClient,
    readonly server: EventServer,
  ) {}
}

/**
 * Provides {@link EventPublisher} to send events, and {@link EventServer}, the strategy that receives them:
 * `app.connectMicroservice({ strategy: app.get(EventServer) })`. An application that only sends leaves the latter out.
 */
@Module({})
export class RocketmqModule {
  static register(options: RocketmqModuleOptions): DynamicModule {
    return RocketmqModule.registerAsync({ useFactory: () => options });
  }

  static registerAsync({ imports = [], inject = [], useFactory }: RocketmqModuleAsyncOptions): DynamicModule {
    return {
      module: RocketmqModule,
      imports,
      providers: [
        {
          provide: Transport,
          inject,
          useFactory: async (...dependencies: unknown[]) => createTransport(await useFactory(...dependencies)),
        },
        {
          provide: EventPublisher,
          inject: [Transport],
          useFactory: ({ client }: Transport) => new ClientEventPublisher(client),
        },
        { provide: EventServer, inject: [Transport], useFactory: ({ server }: Transport) => server },
      ],
      exports: [EventPublisher, EventServer],
    };
  }

  /**
   * A further topic that is only sent to: an {@link EventPublisher} under a token of its own, with a client of its own,
   * for one client with two topics does not start.
   */
  static publisherAsync({ provide, imports = [], inject = [], useFactory }: RocketmqPublisherOptions): DynamicModule {
    const create = (...dependencies: never[]) => {
      const options = useFactory(...dependencies);
      return options && new ClientEventPublisher(new RocketmqClient(options));
    };
    return {
      module: RocketmqModule,
      imports,
      providers: [{ provide, inject, useFactory: create }],
      exports: [provide],
    };
  }
}

function createTransport(options: RocketmqModuleOptions): Transport {
  if (options.transport === 'rocketmq') {
    return new Transport(new RocketmqClient(options), new RocketmqServer(options));
  }
  const broker = new InProcessBroker(options);
  return new Transport(new InProcessClient(broker), new InProcessServer(broker, options));
}
