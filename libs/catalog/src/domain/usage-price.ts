import { decimalAmount } from '@app/kernel';
import type { EntitlementTerms, PlanEntitlement, UsagePrice } from './catalog.js';

/**
 * The price of usage beyond the limit of terms. Null when such usage costs nothing: the terms have no price or no
 * limit, or they do not allow it.
 * @example usagePriceOf(terms) // { model: 'per_unit', unitAmount: '0.01', currency: 'USD' }
 */
export function usagePriceOf(terms: EntitlementTerms): UsagePrice | null {
  if (terms.type !== 'metered' || terms.overage !== 'allow' || terms.limit === null) return null;
  const { usagePrice, overagePrice } = terms;
  if (usagePrice) return usagePrice;
  if (!overagePrice) return null;
  return { model: 'per_unit', unitAmount: decimalAmount(overagePrice), currency: overagePrice.currency };
}

/** True when usage of one of the entitlements may cost something. */
export const hasUsagePrices = (entitlements: Pick<PlanEntitlement, 'terms'>[]): boolean =>
  entitlements.some(({ terms }) => usagePriceOf(terms) !== null);
