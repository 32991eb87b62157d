import { type INestApplicationContext, RequestMethod } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { type NestFastifyApplication, RouteConfig } from '@nestjs/platform-fastify';
import { FASTIFY_ROUTE_CONFIG_METADATA } from '@nestjs/platform-fastify/constants.js';
import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { Gate } from './gate.js';
import { type Policy, policyOf } from './policy.js';

interface RouteHandler {
  name: string;
  handler: object;
  policy: Policy | undefined;
}

/**
 * Puts the gate in front of every route, by the route's policy. Call it before the routes are registered. Throws when
 * HTTP routes have no policy, naming them, or when nothing enforces the policies: the start fails instead of a route that
 * answers everybody.
 */
export function guardRoutes(app: NestFastifyApplication): void {
  const gate = gateOf(app);
  const handlers = routeHandlers(app);
  const forgotten = handlers.filter(({ policy }) => policy === undefined).map(({ name }) => name);
  if (forgotten.length > 0) {
    throw new Error(`Routes without a policy (@Public, @Shopper, @UserOnly, @Roles):\n  ${forgotten.join('\n  ')}`);
  }
  const policies = new Map<object, Policy>();
  for (const { name, handler, policy } of handlers) {
    // What two controllers inherit is one function; the router could not tell whose policy counts.
    const other = policies.get(handler);
    if (other && other !== policy) throw new Error(`One handler under two policies: ${name}`);
    policies.set(handler, policy!);
    const config = Reflect.getMetadata(FASTIFY_ROUTE_CONFIG_METADATA, handler) as object | undefined;
    RouteConfig({ ...config, policy })(handler, '', { value: handler });
  }
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onRoute', (route: RouteOptions) => {
      const { policy } = (route.config ?? {}) as { policy?: Policy };
      // After the hooks that are there: the audit watches from before the decision.
      if (policy) route.onRequest = [...[route.onRequest ?? []].flat(), hookOf(gate, policy)];
    });
}

function hookOf(gate: Gate, policy: Policy) {
  return (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void): void => {
    let admitted: void | Promise<unknown>;
    try {
      admitted = gate.admit(request, reply, policy);
    } catch (error) {
      return done(error as Error);
    }
    if (admitted instanceof Promise) admitted.then(() => done(), done);
    else done();
  };
}

function routeHandlers(app: INestApplicationContext): RouteHandler[] {
  const scanner = new MetadataScanner();
  const found: RouteHandler[] = [];
  for (const { metatype } of app.get(DiscoveryService, { strict: false }).getControllers()) {
    if (typeof metatype !== 'function') continue;
    const prototype = metatype.prototype as Record<string, object>;
    for (const name of scanner.getAllMethodNames(prototype)) {
      const handler = prototype[name] as object;
      const method = Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod | undefined;
      if (method === undefined) continue;
      const path = [metatype, handler].map((part) => String(Reflect.getMetadata(PATH_METADATA, part))).join('/');
      found.push({
        name: `${RequestMethod[method]} ${path} (${metatype.name}.${name})`,
        handler,
        policy: policyOf(metatype, handler),
      });
    }
  }
  return found;
}

function gateOf(app: INestApplicationContext): Gate {
  try {
    return app.get(Gate, { strict: false });
  } catch {
    throw new Error('No route is guarded: import IdentityModule.forRoot(env)');
  }
}
