import type { components } from '@tollgate/schema';

type Schemas = components['schemas'];
export type Entitlement = Schemas['PlanEntitlementDto'];
export type Price = Schemas['PriceDto'];
export type UsagePrice = Schemas['UsagePriceDto'];
export type Grant = Schemas['CreditGrantDto'];
export type Feature = Schemas['FeatureDto'];

/** Terms of a feature that a plan did not have yet. */
export function newEntitlement({ key, type }: Pick<Feature, 'key' | 'type'>): Entitlement {
  return { feature: key, type, ...INITIAL_TERMS[type] };
}

const INITIAL_TERMS: Record<Feature['type'], Partial<Entitlement>> = {
  boolean: { value: true },
  static: { value: '' },
  metered: { limit: 0, window: 'billing_period', overage: 'deny' },
  credit: { grant: { quantity: 0, every: 'billing_period' } },
};

/** Two prices with the same text have the same buyers and the same period. */
export const priceKey = ({ interval, intervalCount, currency, region, deviceType }: Price): string =>
  [interval, intervalCount ?? 1, currency, region ?? '', deviceType ?? ''].join('|');

/** Messages of one member of a list, with paths that begin at the member. */
export function errorsBelow(errors: Record<string, string>, path: string): Record<string, string> {
  const below = Object.entries(errors).filter(([field]) => field.startsWith(`${path}.`));
  return Object.fromEntries(below.map(([field, message]) => [field.slice(path.length + 1), message]));
}
