import {
  type EntitlementTerms,
  type PlanEntitlement,
  type UsagePrice,
  usagePriceOf,
  type WindowName,
} from '@app/catalog';
import { addedTerms } from '@app/entitlements';
import type { Period } from '@app/kernel';
import type { Subscription } from '@app/subscriptions';
import { priceKey } from './price-key.js';

/** The plan version of a line. */
export interface LinePlan {
  key: string;
  name: string;
  version: number;
}

/** The facts of a subscription that terms of usage follow from, since an instant. */
export interface SubscriptionTerms {
  since: Date;
  plan: LinePlan;
  /** The entitlements of the plan version. */
  entitlements: PlanEntitlement[];
  addOns: Subscription['addOns'];
  trialEnd: Date | null;
}

/** An override of one feature since an instant; null terms: it was removed. */
export interface OverrideTerms {
  featureId: string;
  since: Date;
  terms: EntitlementTerms | null;
  expiresAt: Date | null;
}

/** A span in which usage of one feature is judged by the same terms. */
export interface TermsSpan extends Period {
  plan: LinePlan;
  /** Units that are included in each window; null: unlimited. */
  limit: number | null;
  /** The price of units beyond the limit; null: they are not charged. */
  price: UsagePrice | null;
  /** A price in another currency than that of the invoices: it is not charged, which the nightly check reports. */
  otherPrice?: UsagePrice;
}

/** The history that terms follow from, oldest first. The first entry also holds before its instant. */
export interface TermsHistory {
  timezone: string;
  subscription: SubscriptionTerms[];
  overrides: OverrideTerms[];
}

/** The features that have a price at any time. */
export function pricedFeatures({ subscription, overrides }: TermsHistory): string[] {
  const features = new Set<string>();
  for (const { entitlements, addOns } of subscription)
    for (const { featureId, terms } of [
      ...entitlements,
      ...Object.values(addOns).flatMap((addOn) => addOn.entitlements),
    ])
      if (usagePriceOf(terms)) features.add(featureId);
  for (const { featureId, terms } of overrides) if (terms && usagePriceOf(terms)) features.add(featureId);
  return [...features];
}

/**
 * The spans of equal terms of a feature within a period, without gap. A change of plan, add-ons or override cuts, and
 * so do the end of a trial and the expiry of an override.
 * @param currency that of the invoice: prices in another currency are `otherPrice`
 */
export function termsSpans(
  featureId: string,
  { subscription, overrides }: TermsHistory,
  { start, end, currency }: Period & { currency: string },
): TermsSpan[] {
  const own = overrides.filter((override) => override.featureId === featureId);
  const cuts = [
    ...subscription.flatMap(({ since, trialEnd }) => [since, trialEnd]),
    ...own.flatMap(({ since, expiresAt }) => [since, expiresAt]),
  ];
  const starts = [start, ...cuts.filter((at): at is Date => at !== null && at > start && at < end)];
  const spans: TermsSpan[] = [];
  for (const at of distinctInstants(starts)) {
    const terms = termsAt(featureId, { subscription, overrides: own }, at);
    const last = spans.at(-1);
    const isCharged = terms.price?.currency === currency;
    const prices = {
      price: isCharged ? terms.price : null,
      ...(isCharged || !terms.price ? {} : { otherPrice: terms.price }),
    };
    if (last && isSame(last, { ...terms, ...prices })) continue;
    if (last) last.end = at;
    spans.push({ ...terms, ...prices, start: at, end });
  }
  return spans;
}

const DAY_MS = 86_400_000;
/** No window of one unit is longer. */
const LONGEST_MS: Record<WindowName, number> = {
  none: 0,
  hour: DAY_MS,
  day: 2 * DAY_MS,
  week: 8 * DAY_MS,
  month: 32 * DAY_MS,
  quarter: 93 * DAY_MS,
  year: 367 * DAY_MS,
  // As long as the price says: all of them are read.
  billing_period: Infinity,
};

/**
 * No window of a feature that contains `since`, or begins later, begins before this; except the one that never ends.
 */
export function earliestWindow(featureId: string, { subscription, overrides }: TermsHistory, since: Date): Date {
  let longest = 0;
  const include = ({ featureId: other, terms }: { featureId: string; terms: EntitlementTerms | null }): void => {
    if (other === featureId && terms?.type === 'metered')
      longest = Math.max(longest, LONGEST_MS[terms.window] * (terms.windowCount ?? 1));
  };
  for (const { entitlements, addOns } of subscription) {
    entitlements.forEach(include);
    for (const addOn of Object.values(addOns)) addOn.entitlements.forEach(include);
  }
  overrides.forEach(include);
  return new Date(Math.max(0, since.getTime() - longest));
}

/** Instants in order, each once. */
export const distinctInstants = (instants: Date[]): Date[] =>
  [...new Set(instants.map((at) => at.getTime()))].sort((one, other) => one - other).map((ms) => new Date(ms));

function termsAt(
  featureId: string,
  { subscription, overrides }: Pick<TermsHistory, 'subscription' | 'overrides'>,
  at: Date,
): Pick<TermsSpan, 'plan' | 'limit' | 'price'> {
  const { plan, entitlements, addOns, trialEnd } =
    subscription.findLast(({ since }) => since <= at) ?? subscription[0]!;
  const override = overrides.findLast(({ since }) => since <= at);
  const isOverridden = override?.terms && (override.expiresAt === null || at < override.expiresAt);
  const inPlan = entitlements.find((entitlement) => entitlement.featureId === featureId)?.terms ?? null;
  const terms = isOverridden ? override.terms! : (addedTerms(featureId, inPlan, addOns)?.terms ?? inPlan);
  const limit = terms?.type === 'metered' ? terms.limit : null;
  const inTrial = trialEnd !== null && at < trialEnd;
  return { plan, limit, price: terms && !inTrial ? usagePriceOf(terms) : null };
}

const isSame = (one: Omit<TermsSpan, 'start' | 'end'>, other: Omit<TermsSpan, 'start' | 'end'>): boolean =>
  one.limit === other.limit &&
  one.plan.key === other.plan.key &&
  one.plan.version === other.plan.version &&
  priceKey(one.price) === priceKey(other.price) &&
  priceKey(one.otherPrice ?? null) === priceKey(other.otherPrice ?? null);
