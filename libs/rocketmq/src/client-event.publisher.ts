import type { OnApplicationShutdown } from '@nestjs/common';
import type { EventClient } from './event.client.js';
import { EventPublisher } from './event.publisher.js';
import type { TransportStatus } from './transport.status.js';

/** Publishes over either client and closes it with the application. */
export class ClientEventPublisher extends EventPublisher implements OnApplicationShutdown {
  constructor(private readonly client: EventClient) {
    super();
  }

  override get status(): TransportStatus {
    return this.client.health;
  }

  override publish(pattern: string, events: readonly unknown[]): Promise<void> {
    return this.client.emitMany(pattern, events);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.client.close();
  }
}
