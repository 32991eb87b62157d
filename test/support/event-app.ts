import { Controller, type INestMicroservice, type Type } from '@nestjs/common';
import { Ctx, type CustomTransportStrategy, EventPattern, Payload } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import type { RocketmqContext } from '@app/rocketmq';

export type Handler = (data: never, context: RocketmqContext) => unknown;

/**
 * Starts a Nest microservice on `strategy` whose controllers have one `@EventPattern` method for each entry: the
 * handlers then run behind Nest's own pipeline, which changes errors and joins handlers.
 */
export async function startEventApp(
  strategy: CustomTransportStrategy,
  handlers: readonly (readonly [pattern: string, handler: Handler])[],
): Promise<INestMicroservice> {
  const controllers = handlers.map(([pattern, handler]) => controllerFor(pattern, handler));
  const module = await Test.createTestingModule({ controllers }).compile();
  const app = module.createNestMicroservice({ strategy, logger: false });
  await app.listen();
  return app;
}

function controllerFor(pattern: string, handler: Handler): Type {
  class EventController {
    handle(@Payload() data: never, @Ctx() context: RocketmqContext): unknown {
      return handler(data, context);
    }
  }
  const method = Object.getOwnPropertyDescriptor(EventController.prototype, 'handle');
  EventPattern(pattern)(EventController.prototype, 'handle', method as PropertyDescriptor);
  Controller()(EventController);
  return EventController;
}
