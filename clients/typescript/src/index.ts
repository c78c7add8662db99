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
export type { BatchResult, CheckRequest, ConsumeRequest, Decision } from './requests.js';
export { Tollgate, type TollgateOptions, type UnavailablePolicy } from './tollgate.js';
export { type Problem, TollgateError } from './tollgate-error.js';
