import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { APP_GUARD, DiscoveryModule } from '@nestjs/core';
import { type Env, Metrics } from '@app/common';
import { RedisConnection } from '@app/redis';
import { DevLoginController } from './dev-login.controller.js';
import { GuestCartsController } from './guest-carts.controller.js';
import { GuestTokens } from './guest-tokens.js';
import { IdentityGuard } from './identity.guard.js';
import { RateLimitGuard } from './rate-limits/rate-limit.guard.js';
import { RateLimiter, type RateLimitSettings } from './rate-limits/rate-limiter.js';
import { UserTokens } from './user-tokens.js';

type TokenSettings = Pick<
  Env,
  'JWT_SECRET' | 'JWT_JWKS_URL' | 'JWT_ISSUER' | 'JWT_AUDIENCE' | 'GUEST_KEYS' | 'DEV_LOGIN'
>;
type LimitSettings = { RATE_LIMITS: 'off' } | ({ RATE_LIMITS: Env['RATE_LIMITS'] } & RateLimitSettings);
export type IdentitySettings = TokenSettings & LimitSettings;

/**
 * Who is asking, and how often: guards every route of the application. Its tokens can be injected anywhere. Limits need
 * a global RedisConnection and Metrics.
 */
@Module({})
export class IdentityModule {
  /** Takes the settings themselves, not their provider: they decide which controllers exist. */
  static forRoot(env: IdentitySettings): DynamicModule {
    return {
      module: IdentityModule,
      global: true,
      imports: [DiscoveryModule],
      controllers: env.DEV_LOGIN ? [GuestCartsController, DevLoginController] : [GuestCartsController],
      providers: [
        { provide: UserTokens, useFactory: () => new UserTokens(env) },
        { provide: GuestTokens, useFactory: () => new GuestTokens(env) },
        ...guards(env),
      ],
      exports: [UserTokens, GuestTokens],
    };
  }
}

function guards(env: IdentitySettings): Provider[] {
  if (env.RATE_LIMITS === 'off') return [{ provide: APP_GUARD, useClass: IdentityGuard }];
  return [
    IdentityGuard,
    {
      provide: RateLimiter,
      inject: [RedisConnection, Metrics],
      useFactory: (redis: RedisConnection, metrics: Metrics) => new RateLimiter(env, redis, metrics),
    },
    { provide: APP_GUARD, useClass: RateLimitGuard },
  ];
}
