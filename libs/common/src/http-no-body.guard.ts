import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import type { FastifyRequest } from 'fastify';
import { toDto } from './http-dto.js';

class NoFields {}

/**
 * Refuses fields sent to a route that takes none: somebody who sends `skuIds` to the route that empties a cart means
 * another one. No body, `null` and `{}` pass. Throws AppError VALIDATION_FAILED with one entry per field.
 */
@Injectable()
export class NoBodyGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    if (context.getType() !== 'http') return true;
    const { body } = context.getArgByIndex<FastifyRequest>(0);
    // Of most requests without a body nothing more is asked.
    if (body === undefined || body === null) return true;
    if (!takesBody(context.getClass(), context.getHandler().name)) toDto(NoFields, body);
    return true;
  }
}

/** The keys of the metadata are "<kind of parameter>:<its index>". */
function takesBody(controller: object, method: string): boolean {
  const parameters = Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, method) as object | undefined;
  return Object.keys(parameters ?? {}).some((key) => key.startsWith(`${RouteParamtypes.BODY}:`));
}
