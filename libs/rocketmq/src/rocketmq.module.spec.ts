import { Controller, Injectable, Module } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from 'vitest';
import { EventPublisher, EventServer, RocketmqModule, RocketmqServer, TransportClosedError } from '@app/rocketmq';
import { eventually } from '../../../test/support/eventually.js';

@Injectable()
class DeadLetters {
  readonly reasons: string[] = [];
}

@Module({ providers: [DeadLetters], exports: [DeadLetters] })
class DeadLetterModule {}

@Controller()
class Receiver {
  readonly got: unknown[] = [];

  @EventPattern('made')
  made(@Payload() events: unknown): void {
    this.got.push(events);
  }
}

describe(RocketmqModule.name, () => {
  it('carries events in process, and hands poison to an injected service', async () => {
    const transport = RocketmqModule.registerAsync({
      imports: [DeadLetterModule],
      inject: [DeadLetters],
      useFactory: (letters: DeadLetters) => ({
        transport: 'in-process',
        onPoison: async (_message, reason) => void letters.reasons.push(reason),
      }),
    });
    const module = await Test.createTestingModule({
      imports: [transport, DeadLetterModule],
      controllers: [Receiver],
    }).compile();
    module.useLogger(false);
    const app = module.createNestMicroservice({ strategy: module.get(EventServer) });
    await app.listen();
    const publisher = module.get(EventPublisher);
    await publisher.publish('made', [1, 2]);
    expect(module.get(Receiver).got).toEqual([[1, 2]]);
    await publisher.publish('unheard', [3]);
    expect(module.get(DeadLetters).reasons).toEqual(['no-handler']);
    expect(publisher.status.state).toBe('connected');
    await app.close();
    await expect(publisher.publish('made', [4])).rejects.toThrow(TransportClosedError);
  });

  it('starts without a broker, says so, and closes', async () => {
    const module = await Test.createTestingModule({
      imports: [
        RocketmqModule.register({ transport: 'rocketmq', endpoints: '127.0.0.1:1', topic: 'topic', group: 'group' }),
      ],
    }).compile();
    module.useLogger(false);
    const app = module.createNestMicroservice({ strategy: module.get(EventServer) });
    await app.listen();
    expect(module.get(EventServer)).toBeInstanceOf(RocketmqServer);
    const publisher = module.get(EventPublisher);
    await expect(publisher.publish('made', [1])).rejects.toThrow(/not connected.*UNAVAILABLE/);
    await eventually(() => expect(module.get(EventServer).health.state).toBe('down'));
    expect(publisher.status).toMatchObject({
      state: 'down',
      lastError: expect.stringContaining('UNAVAILABLE') as string,
    });
    await app.close();
  }, 30_000);
});
