import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { type Env, Metrics } from '@app/common';
import { RedisConnection } from '@app/redis';
import { DevLoginController } from './dev-login.controller.js';
import { Gate } from './gate.js';
import { GuestCartsController } from './guest-carts.controller.js';
import { GuestTokens } from './guest-tokens.js';
import { IdentityGate } from './identity.gate.js';
import { RateLimitGate } from './rate-limits/rate-limit.gate.js';
import { RateLimiter, type RateLimitSettings } from './rate-limits/rate-limiter.js';
import { UserTokens } from './user-tokens.js';

type TokenSettings = Pick<
  Env,
  'JWT_SECRET' | 'JWT_JWKS_URL' | 'JWT_ISSUER' | 'JWT_AUDIENCE' | 'GUEST_KEYS' | 'DEV_LOGIN'
>;
type LimitSettings = { RATE_LIMITS: 'off' } | ({ RATE_LIMITS: Env['RATE_LIMITS'] } & RateLimitSettings);
export type IdentitySettings = TokenSettings & LimitSettings;

/**
 * Who is asking, and how often: the gate of every route, which `guardRoutes(app)` puts up. Its tokens can be injected anywhere. Limits need
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
        gate(env),
      ],
      exports: [UserTokens, GuestTokens, Gate],
    };
  }
}

function gate(env: IdentitySettings): Provider {
  if (env.RATE_LIMITS === 'off') {
    return {
      provide: Gate,
      inject: [UserTokens, GuestTokens],
      useFactory: (users: UserTokens, guests: GuestTokens) => new IdentityGate(users, guests),
    };
  }
  return {
    provide: Gate,
    inject: [UserTokens, GuestTokens, RedisConnection, Metrics],
    useFactory: (users: UserTokens, guests: GuestTokens, redis: RedisConnection, metrics: Metrics) =>
      new RateLimitGate(new IdentityGate(users, guests), new RateLimiter(env, redis, metrics)),
  };
}
