import './entitlements.events.js';

export { addedTerms } from './domain/add-on-terms.js';
export {
  denialOf,
  type DenialReason,
  type Entitlement,
  type EntitlementSource,
  isValidAt,
  opensWithUse,
  withOpenedWindows,
} from './domain/entitlement.js';
export type { Grant } from './domain/grant.js';
export type { EntitlementSnapshot, Override } from './domain/entitlement-snapshot.js';
export type { PlanDifference } from './domain/plan-difference.js';
export { earliestOpening, memoizedWindows, type WindowSchedule, windowAt } from './domain/window-schedule.js';
export { EntitlementsModule } from './entitlements.module.js';
export { EntitlementsService } from './entitlements.service.js';
export { type GrantOfFeature, GrantsService, type NewGrant } from './grants.service.js';
export { EntitlementSnapshots, type CachedSnapshot } from './entitlement-snapshots.service.js';
export { type NewOverride, type OverrideOfFeature, OverridesService } from './overrides.service.js';
