export { requireEntitlement } from './express.js';
export { requireEntitlementHook } from './fastify.js';
export type { EntitlementRequirement, RequireEntitlementOptions } from './guard.js';
/**
 * Types of every route, operation and body, generated from the OpenAPI document.
 *
 * @example
 * ```ts
 * type Subscription = components['schemas']['SubscriptionDto'];
 * ```
 */
export type { components, operations, paths } from './schema.js';
export {
  type CheckRequest,
  type ConsumeRequest,
  type Decision,
  Tollgate,
  type TollgateOptions,
  type UnavailablePolicy,
} from './tollgate.js';
export { type Problem, TollgateError } from './tollgate-error.js';
