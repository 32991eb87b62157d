import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import type { EventClient } from './event.client.js';
import { EventPublisher } from './event.publisher.js';
import type { TransportStatus } from './transport.status.js';

/** Publishes over either client, which it connects and closes with the application. */
export class ClientEventPublisher extends EventPublisher implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(private readonly client: EventClient) {
    super();
  }

  override get status(): TransportStatus {
    return this.client.health;
  }

  override publish(pattern: string, events: readonly unknown[]): Promise<void> {
    return this.client.emitMany(pattern, events);
  }

  /** In the background: the application starts without the broker, and its health shows when it is there. */
  onApplicationBootstrap(): void {
    this.client.connect().catch(() => undefined);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.client.close();
  }
}
