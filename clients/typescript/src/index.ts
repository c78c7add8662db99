export { type RequireEntitlementOptions, requireEntitlement, requireEntitlementHook } from './middleware.js';
export type { components, operations, paths } from './schema.js';
export { type CheckRequest, type Decision, Tollgate, TollgateError, type TollgateOptions } from './tollgate.js';
