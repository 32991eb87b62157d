import { type INestApplicationContext, RequestMethod } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { policyOf } from './policy.js';
import { UserTokens } from './user-tokens.js';

/**
 * Throws when HTTP routes have no policy, naming them, or when nothing enforces the policies: the start fails instead of
 * a route that answers everybody.
 */
export function assertEveryRouteHasAPolicy(app: INestApplicationContext): void {
  if (!isGuarded(app)) throw new Error('No route is guarded: import IdentityModule.forRoot(env)');
  const scanner = new MetadataScanner();
  const forgotten: string[] = [];
  for (const { metatype } of app.get(DiscoveryService, { strict: false }).getControllers()) {
    if (typeof metatype !== 'function') continue;
    const prototype = metatype.prototype as Record<string, object>;
    for (const name of scanner.getAllMethodNames(prototype)) {
      const handler = prototype[name] as object;
      const method = Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod | undefined;
      if (method === undefined || policyOf(metatype, handler) !== undefined) continue;
      const path = [metatype, handler].map((part) => String(Reflect.getMetadata(PATH_METADATA, part))).join('/');
      forgotten.push(`${RequestMethod[method]} ${path} (${metatype.name}.${name})`);
    }
  }
  if (forgotten.length > 0) {
    throw new Error(`Routes without a policy (@Public, @Shopper, @UserOnly, @Roles):\n  ${forgotten.join('\n  ')}`);
  }
}

/** The module registers its tokens and its guard together. */
function isGuarded(app: INestApplicationContext): boolean {
  try {
    return app.get(UserTokens, { strict: false }) instanceof UserTokens;
  } catch {
    return false;
  }
}
