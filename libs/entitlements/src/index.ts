export type { DenialReason, Entitlement, EntitlementSource } from './domain/entitlement.js';
export { EntitlementsModule } from './entitlements.module.js';
export { EntitlementsService } from './entitlements.service.js';
