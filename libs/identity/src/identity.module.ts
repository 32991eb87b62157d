import { type DynamicModule, Module } from '@nestjs/common';
import { APP_GUARD, DiscoveryModule } from '@nestjs/core';
import type { Env } from '@app/common';
import { DevLoginController } from './dev-login.controller.js';
import { GuestCartsController } from './guest-carts.controller.js';
import { GuestTokens } from './guest-tokens.js';
import { IdentityGuard } from './identity.guard.js';
import { UserTokens } from './user-tokens.js';

type Settings = Pick<Env, 'JWT_SECRET' | 'JWT_JWKS_URL' | 'JWT_ISSUER' | 'JWT_AUDIENCE' | 'GUEST_KEYS' | 'DEV_LOGIN'>;

/** Who is asking: guards every route of the application. Its tokens can be injected anywhere. */
@Module({})
export class IdentityModule {
  /** Takes the settings themselves, not their provider: they decide which controllers exist. */
  static forRoot(env: Settings): DynamicModule {
    return {
      module: IdentityModule,
      global: true,
      imports: [DiscoveryModule],
      controllers: env.DEV_LOGIN ? [GuestCartsController, DevLoginController] : [GuestCartsController],
      providers: [
        { provide: UserTokens, useFactory: () => new UserTokens(env) },
        { provide: GuestTokens, useFactory: () => new GuestTokens(env) },
        { provide: APP_GUARD, useClass: IdentityGuard },
      ],
      exports: [UserTokens, GuestTokens],
    };
  }
}
