import { type INestApplicationContext, RequestMethod } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { policyOf } from './policy.js';

/**
 * Throws, naming them, when HTTP routes have no policy: the start fails instead of a route that answers nobody, or worse.
 * Needs IdentityModule in the application.
 */
export function assertEveryRouteHasAPolicy(app: INestApplicationContext): void {
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
