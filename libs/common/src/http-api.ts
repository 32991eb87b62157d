import 'reflect-metadata';
import { RouteConfig } from '@nestjs/platform-fastify';
import { AppError, type ErrorCode } from './app-error.js';
import { type Problem, toProblem } from './http-problem.js';

const PROBLEMS = Symbol('problem codes');

/**
 * Names the refusals a route (or all routes of a controller) can answer with. Repeated uses add up. The OpenAPI document
 * shows each under its status, with an example.
 */
export function ApiProblems(...codes: ErrorCode[]): MethodDecorator & ClassDecorator {
  return (target: object, _key?: string | symbol, descriptor?: PropertyDescriptor) => {
    const holder = (descriptor?.value as object | undefined) ?? target;
    Reflect.defineMetadata(PROBLEMS, [...new Set([...ownCodes(holder), ...codes])], holder);
  };
}

/** Every code named for the route by {@link ApiProblems}, on the method or on its class. */
export function problemCodesOf(controller: object, handler: object): ErrorCode[] {
  return [...new Set([...ownCodes(controller), ...ownCodes(handler)])];
}

/** What a client sees for a code, with the numbers that usually come with it. */
export function exampleProblem(code: ErrorCode): Problem {
  const details = EXAMPLE_DETAILS[code];
  return toProblem(new AppError(code, details ? [{ code, ...details }] : []));
}

/** The most bytes of body a route takes, instead of the server's 64 KB. */
export function BodyLimit(bytes: number): MethodDecorator {
  return RouteConfig({ bodyLimit: bytes });
}

const EXAMPLE_DETAILS: Partial<Record<ErrorCode, Record<string, unknown>>> = {
  VALIDATION_FAILED: { field: 'quantity', message: 'quantity must be an integer from 1 to 2147483647' },
  SKU_NOT_FOUND: { skuId: '100001' },
  SKU_OFF_SHELF: { skuId: '100001' },
  NOT_A_VARIANT: { skuId: '100001' },
  OUT_OF_STOCK: { skuId: '100001', available: 0 },
  INSUFFICIENT_STOCK: { skuId: '100001', available: 3 },
  QUANTITY_LIMIT: { skuId: '100001', maximum: 99, requested: 100 },
  SKU_CODE_TAKEN: { skuId: '100001', skuCode: '85123A' },
  CART_FULL: { maximum: 120 },
  CHECKOUT_REJECTED: { skuId: '100001', code: 'INSUFFICIENT_STOCK', available: 1, requested: 2 },
  RATE_LIMITED: { limit: 150, windowSeconds: 10 },
  PRICE_CHANGED: { expectedPayable: '12.50', payable: '13.00' },
};

function ownCodes(holder: object): ErrorCode[] {
  return (Reflect.getOwnMetadata(PROBLEMS, holder) as ErrorCode[] | undefined) ?? [];
}
