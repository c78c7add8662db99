import type { components } from '@tollgate/schema';
import { type Formats, type Texts, useFormats, useTexts } from '@tollgate/web';
import { type Feature, useFeatures } from './reads';
import { termTexts } from './term-texts';

export type Entitlement = components['schemas']['PlanEntitlementDto'];
type Price = Pick<components['schemas']['PriceDto'], 'amount' | 'currency' | 'interval' | 'intervalCount' | 'tiers'>;
type TermTexts = typeof termTexts extends Texts<infer T> ? T : never;

interface Terms {
  /** Name of a feature for people, or its key. */
  feature: (key: string) => string;
  /** "10,000 Requests per period" */
  entitlement: (entitlement: Entitlement) => string;
  /** "€29.00 per month" */
  price: (price: Price) => string;
}

/** Prices and entitlements as texts in the language of the user. */
export function useTerms(): Terms {
  const t = useTexts(termTexts);
  const formats = useFormats();
  const features = useFeatures();
  return {
    feature: (key) => features.get(key)?.name ?? key,
    entitlement: (entitlement) => describe(entitlement, features.get(entitlement.feature), t, formats),
    price: (price) => describePrice(price, t, formats),
  };
}

function describe(entitlement: Entitlement, feature: Feature | undefined, t: TermTexts, formats: Formats): string {
  const { type, value, limit, window, windowCount = 1, grant } = entitlement;
  const name = feature?.name ?? entitlement.feature;
  const unit = feature?.unit ? ` ${feature.unit}` : '';
  if (type === 'boolean') return value === false ? t.without(name) : name;
  if (type === 'static') return `${name}: ${String(value)}`;
  if (type === 'credit' && grant) return `${name}: ${formats.number(grant.quantity)}${unit}${t.windows[grant.every]}`;
  if (limit === null || limit === undefined) return `${name}: ${t.unlimited}`;
  const period = windowCount === 1 ? t.windows[window ?? 'none'] : ` (${windowCount} ×${t.windows[window ?? 'none']})`;
  return `${name}: ${formats.number(limit)}${unit}${period}`;
}

function describePrice(
  { amount, currency, interval, intervalCount = 1, tiers }: Price,
  t: TermTexts,
  f: Formats,
): string {
  const period = intervalCount === 1 ? t.per[interval] : t.every[interval](intervalCount);
  const [first] = tiers?.tiers ?? [];
  return first
    ? `${t.perUnitFrom(f.money(first.unitAmount, currency))} ${period}`
    : `${f.money(amount, currency)} ${period}`;
}
