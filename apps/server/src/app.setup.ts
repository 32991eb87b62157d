import type { DynamicModule, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppErrorFilter, type Env, HttpValidationPipe, NoBodyGuard, PinoLogger } from '@app/common';
import { guardRoutes } from '@app/identity';
import { createHttpAdapter } from './http-adapter.js';
import { setupOpenApi } from './openapi.js';

type Settings = Pick<Env, 'LOG_LEVEL'> & Partial<Pick<Env, 'TRUST_PROXY' | 'CORS_ORIGINS'>>;

/**
 * The application, ready to listen: `const app = await createApp(AppModule, env); await app.listen(env.PORT, env.HOST)`.
 * `module` imports IdentityModule. A fault of the wiring is thrown, so that the caller can say it in a sentence.
 */
export async function createApp(module: Type | DynamicModule, env: Settings): Promise<NestFastifyApplication> {
  const adapter = createHttpAdapter({ trustProxy: env.TRUST_PROXY, corsOrigins: env.CORS_ORIGINS });
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    logger: new PinoLogger(env.LOG_LEVEL),
    // The adapter brings its own parser; Nest would add one for forms.
    bodyParser: false,
    abortOnError: false,
  });
  return setupApp(app);
}

/** Everything around the controllers, the same in production and in tests. `app` was made with createHttpAdapter(). */
export function setupApp(app: NestFastifyApplication): NestFastifyApplication {
  guardRoutes(app);
  app.useGlobalFilters(new AppErrorFilter());
  app.useGlobalGuards(new NoBodyGuard());
  app.useGlobalPipes(new HttpValidationPipe());
  setupOpenApi(app);
  // Exit code 0 after a clean stop, instead of dying from the signal that asked for it.
  app.enableShutdownHooks(['SIGTERM', 'SIGINT'], { useProcessExit: true });
  return app;
}
