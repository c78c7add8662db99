export { type DenialReason, type Entitlement, type EntitlementSource, holds } from './domain/entitlement.js';
export type { Grant } from './domain/grant.js';
export type { Holder, Override } from './domain/holder.js';
export { type Rhythm, windowAt } from './domain/rhythm.js';
export { EntitlementsModule } from './entitlements.module.js';
export { EntitlementsService } from './entitlements.service.js';
export { type GrantOfFeature, GrantsService, type NewGrant } from './grants.service.js';
export { HoldersService, type KnownHolder } from './holders.service.js';
export { type NewOverride, OverridesService } from './overrides.service.js';
