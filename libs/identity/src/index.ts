export { CurrentCaller } from './caller.js';
export type { Caller, GuestCaller, UserCaller } from './caller.js';
export { GUEST_CART_SECONDS } from './guest-carts.controller.js';
export { GuestTokens, hashGuestId } from './guest-tokens.js';
export { IdentityModule } from './identity.module.js';
export { BEARER, CLIENT_CART_ID, Public, Roles, Shopper, UserOnly } from './policy.js';
export { assertEveryRouteHasAPolicy } from './route-policies.js';
export { UserTokens } from './user-tokens.js';
