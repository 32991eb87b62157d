import { Global, Module } from '@nestjs/common';
import { Env, readEnv } from './env.js';

/** The settings, read once at start; inject {@link Env} anywhere. A wrong setting stops the start with an EnvError. */
@Global()
@Module({
  providers: [{ provide: Env, useFactory: () => readEnv() }],
  exports: [Env],
})
export class EnvModule {}
