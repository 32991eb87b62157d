import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiSecurity } from '@nestjs/swagger';
import { ApiProblems } from '@app/common';

/** Names of the security schemes in the OpenAPI document. */
export const BEARER = 'bearer';
export const CLIENT_CART_ID = 'clientCartId';

const POLICY = 'identity:policy';

/** What is counted per address on a route that asks nobody who they are. */
export type PublicLimit = 'address' | 'guest-carts' | 'unlimited';

/** Who may call a route. */
export type Policy =
  | { readonly kind: 'public'; readonly limit: PublicLimit }
  | { readonly kind: 'shopper' | 'user' }
  | { readonly kind: 'roles'; readonly roles: readonly string[] };

type PolicyDecorator = MethodDecorator & ClassDecorator;

/** Anybody; the identity headers are not even looked at. Only routes of operators are `unlimited`. */
export function Public(limit: PublicLimit = 'address'): PolicyDecorator {
  return applyDecorators(
    SetMetadata(POLICY, { kind: 'public', limit } satisfies Policy),
    ...(limit === 'unlimited' ? [] : [ApiProblems('RATE_LIMITED')]),
  );
}

/** A user or a guest. */
export function Shopper(): PolicyDecorator {
  return applyDecorators(
    SetMetadata(POLICY, { kind: 'shopper' } satisfies Policy),
    ApiSecurity(BEARER),
    ApiSecurity(CLIENT_CART_ID),
    ApiProblems('UNAUTHENTICATED', 'INVALID_CLIENT_CART_ID', 'RATE_LIMITED'),
  );
}

/** A user; a guest is 401. */
export function UserOnly(): PolicyDecorator {
  return applyDecorators(
    SetMetadata(POLICY, { kind: 'user' } satisfies Policy),
    ApiSecurity(BEARER),
    ApiProblems('UNAUTHENTICATED', 'RATE_LIMITED'),
  );
}

/** A user with at least one of the roles; another user is 403, anybody else 401. */
export function Roles(...roles: [string, ...string[]]): PolicyDecorator {
  return applyDecorators(
    SetMetadata(POLICY, { kind: 'roles', roles } satisfies Policy),
    ApiSecurity(BEARER),
    ApiProblems('UNAUTHENTICATED', 'FORBIDDEN', 'RATE_LIMITED'),
  );
}

/** The policy of a route: the method's own, else its controller's; undefined when somebody forgot it. */
export function policyOf(controller: object, handler: object): Policy | undefined {
  return (Reflect.getMetadata(POLICY, handler) ?? Reflect.getMetadata(POLICY, controller)) as Policy | undefined;
}
