import type { EntitlementTerms, Feature, PlanVersion, WindowName } from '@app/catalog';
import type { Subscription } from '@app/subscriptions';
import type { Grant } from './grant.js';
import type { Override } from './entitlement-snapshot.js';
import { type Period, type WindowSchedule, windowAt } from './window-schedule.js';

/** Why a customer may not. */
export type DenialReason =
  | 'limit_reached'
  | 'no_subscription'
  | 'subscription_expired'
  | 'subscription_paused'
  | 'past_due'
  | 'feature_not_in_plan'
  | 'feature_disabled';

/** What decided: the plan version the customer was sold, an override of it, or a grant where the plan says nothing. */
export interface EntitlementSource {
  kind: 'plan' | 'override' | 'grant';
  plan: string;
  version: number;
}

/** What one customer may do with one feature at one instant. Derived, never stored. */
export interface Entitlement {
  feature: Pick<Feature, 'id' | 'productId' | 'key' | 'type' | 'failurePolicy'>;
  /** Why nothing is allowed, whatever was used; null when the terms decide. */
  denied: DenialReason | null;
  terms: EntitlementTerms | null;
  /** How its windows follow each other; null when there is nothing to count. */
  schedule: WindowSchedule | null;
  /** Where the limit counts now; null when it counts for ever or there is no limit to count. */
  window: Period | null;
  /** Since when these terms hold. */
  since: Date | null;
  grants: Grant[];
  source: EntitlementSource | null;
  /** It is this one from here until there (exclusive), unless the holder changes. */
  validFrom: Date;
  validUntil: Date | null;
}

/** True as long as time alone has not made it another one. */
export const isValidAt = ({ validFrom, validUntil }: Entitlement, now: Date): boolean =>
  now >= validFrom && (validUntil === null || now < validUntil);

/** One customer's standing on the feature's product. The subscription is taken as it is at the instant asked about. */
export interface EntitlementInputs {
  subscription: Subscription | null;
  /** When another contract takes its place. */
  nextStartsAt: Date | null;
  version: PlanVersion | null;
  timezone: string;
  override: Override | null;
  grants: Grant[];
}

/** What a customer may do with a feature at `now`. */
export function entitlementOf(feature: Feature, standing: EntitlementInputs, now: Date): Entitlement {
  const { subscription, version, timezone } = standing;
  const nothing: Entitlement = {
    feature,
    denied: null,
    terms: null,
    schedule: null,
    window: null,
    since: null,
    grants: [],
    source: null,
    validFrom: now,
    validUntil: null,
  };
  const unsubscribed = denialOf(subscription);
  if (!subscription || !version || unsubscribed)
    return { ...nothing, denied: unsubscribed ?? 'no_subscription', validUntil: standing.nextStartsAt };
  const found = findTerms(feature, standing, now);
  const plan = { plan: subscription.planKey, version: subscription.planVersion };
  const ends = [subscription.currentPeriodEnd, standing.nextStartsAt, ...turningPoints(standing, now)].filter(
    (at) => at !== null,
  );
  if (!found)
    return { ...nothing, source: { kind: 'plan', ...plan }, denied: 'feature_not_in_plan', validUntil: earliest(ends) };
  const { terms, kind, since } = found;
  const disabled = feature.archivedAt !== null || (terms.type === 'boolean' && !terms.value);
  const schedule = isCounted(terms) ? scheduleOf(terms, subscription, timezone) : null;
  const window = schedule && windowAt(schedule, now);
  return {
    ...nothing,
    terms,
    schedule,
    window,
    since,
    grants: schedule ? standing.grants : [],
    source: { kind, ...plan },
    denied: disabled ? 'feature_disabled' : null,
    validUntil: earliest(window ? [...ends, window.end] : ends),
  };
}

/** An override comes before the plan; a grant gives the feature where neither names it. */
function findTerms(
  feature: Feature,
  { subscription, version, override, grants }: EntitlementInputs,
  now: Date,
): { terms: EntitlementTerms; kind: EntitlementSource['kind']; since: Date } | null {
  if (override && (override.expiresAt === null || now < override.expiresAt))
    return { terms: override.terms, kind: 'override', since: override.updatedAt };
  const granted = version!.entitlements.find(({ featureId }) => featureId === feature.id);
  if (granted) return { terms: granted.terms, kind: 'plan', since: subscription!.planSince };
  const [first] = grants.filter(
    ({ effectiveAt, expiresAt }) => effectiveAt <= now && (expiresAt === null || now < expiresAt),
  );
  return first ? { terms: nothingIncluded(feature), kind: 'grant', since: first.createdAt } : null;
}

const nothingIncluded = ({ type }: Feature): EntitlementTerms =>
  type === 'credit'
    ? { type, grant: { quantity: 0, every: 'none' } }
    : { type: 'metered', limit: 0, window: 'none', overage: 'deny' };

/** When, without anybody's doing, other terms may hold. */
function turningPoints({ override, grants }: EntitlementInputs, now: Date): Date[] {
  const instants = [override?.expiresAt, ...grants.flatMap(({ effectiveAt, expiresAt }) => [effectiveAt, expiresAt])];
  return instants.filter((at): at is Date => at instanceof Date && at > now);
}

function earliest(instants: Date[]): Date | null {
  return instants.reduce<Date | null>((one, other) => (one === null || other < one ? other : one), null);
}

function denialOf(subscription: Subscription | null): DenialReason | null {
  switch (subscription?.status) {
    case undefined:
    case 'inactive':
      return 'no_subscription';
    case 'expired':
      return 'subscription_expired';
    case 'paused':
      return 'subscription_paused';
    case 'past_due':
      return 'past_due';
    default:
      return null;
  }
}

const isCounted = ({ type }: EntitlementTerms): boolean => type === 'metered' || type === 'credit';

function windowName(terms: EntitlementTerms): WindowName {
  if (terms.type === 'metered') return terms.window;
  return terms.type === 'credit' ? terms.grant.every : 'none';
}

function scheduleOf(terms: EntitlementTerms, subscription: Subscription, timezone: string): WindowSchedule {
  const { price, anchor, usagePeriodStart, currentPeriodEnd } = subscription;
  const cadence = { anchor, interval: price.interval, count: price.intervalCount, timeZone: subscription.timezone };
  return { name: windowName(terms), timezone, billing: { start: usagePeriodStart, end: currentPeriodEnd, cadence } };
}
