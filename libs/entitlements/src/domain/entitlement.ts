import type { EntitlementTerms, Feature, PlanVersion, WindowName } from '@app/catalog';
import { calendarWindow, type Period } from '@app/kernel';
import type { Subscription } from '@app/subscriptions';

/** Why a customer may not. */
export type DenialReason =
  | 'limit_reached'
  | 'no_subscription'
  | 'subscription_expired'
  | 'subscription_paused'
  | 'past_due'
  | 'feature_not_in_plan'
  | 'feature_disabled';

/** What decided: the plan version the customer was sold. */
export interface EntitlementSource {
  kind: 'plan';
  plan: string;
  version: number;
}

/** What one customer may do with one feature at one instant. Derived, never stored. */
export interface Entitlement {
  feature: Pick<Feature, 'id' | 'key' | 'type'>;
  /** Why nothing is allowed, whatever was used; null when the terms decide. */
  denied: DenialReason | null;
  terms: EntitlementTerms | null;
  /** Where the limit counts now; null when it counts for ever or there is no limit to count. */
  window: Period | null;
  source: EntitlementSource | null;
}

/** Who asks: a customer's contract on the feature's product, and the customer's zone. */
export interface Holder {
  subscription: Subscription | null;
  version: PlanVersion | null;
  timezone: string;
}

/** What the holder may do with a feature at `now`. The subscription is taken as it is at `now`. */
export function entitlementOf(feature: Feature, { subscription, version, timezone }: Holder, now: Date): Entitlement {
  const nothing: Entitlement = { feature, denied: null, terms: null, window: null, source: null };
  const unsubscribed = denialOf(subscription);
  if (!subscription || !version || unsubscribed) return { ...nothing, denied: unsubscribed ?? 'no_subscription' };
  const source: EntitlementSource = { kind: 'plan', plan: subscription.planKey, version: subscription.planVersion };
  const granted = version.entitlements.find(({ featureId }) => featureId === feature.id);
  if (!granted) return { ...nothing, source, denied: 'feature_not_in_plan' };
  const { terms } = granted;
  const disabled = feature.archivedAt !== null || (terms.type === 'boolean' && !terms.value);
  return { feature, terms, source, denied: disabled ? 'feature_disabled' : null, window: windowOf(terms, subscription, timezone, now) };
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

function windowName(terms: EntitlementTerms): WindowName {
  if (terms.type === 'metered') return terms.window;
  return terms.type === 'credit' ? terms.grant.every : 'none';
}

function windowOf(terms: EntitlementTerms, subscription: Subscription, timezone: string, now: Date): Period | null {
  const name = windowName(terms);
  if (name === 'none') return null;
  if (name === 'billing_period') return { start: subscription.usagePeriodStart, end: subscription.currentPeriodEnd };
  return calendarWindow(name, timezone, now);
}
