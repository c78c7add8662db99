export { type RequireOptions, requireEntitlement, requireEntitlementHook } from './middleware.js';
export type { components, operations, paths } from './schema.js';
export { type Asked, type Decision, Tollgate, TollgateError, type TollgateOptions } from './tollgate.js';
