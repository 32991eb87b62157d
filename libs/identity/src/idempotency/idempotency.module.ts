import { Global, Module } from '@nestjs/common';
import { IdempotencyStore } from './idempotency.store.js';

/** The records of repeatable requests, for every controller that takes an `Idempotency-Key`. */
@Global()
@Module({ providers: [IdempotencyStore], exports: [IdempotencyStore] })
export class IdempotencyModule {}
