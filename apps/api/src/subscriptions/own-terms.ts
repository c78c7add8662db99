import { actsForItself, type Principal } from '@app/auth';
import { DomainError } from '@app/kernel';

/** Customers that act for themselves get public offers only. */
export const takesPublicOffers = actsForItself;

/** @throws DomainError `trial_not_allowed` when a user sets its own trial */
export function assertTrialAllowed(principal: Principal, trialDays: number | undefined): void {
  if (trialDays !== undefined && takesPublicOffers(principal)) {
    throw new DomainError('forbidden', 'trial_not_allowed', 'Only admins and API keys may set `trialDays`.');
  }
}

/** Terms that only API keys and admins may set: they cost the seller. */
export interface SellersTerms {
  noProration?: boolean;
  credit?: boolean;
  indefinite?: boolean;
  billingAnchor?: string;
  endsAt?: string;
  renewNow?: boolean;
  coupon?: string;
  taxExempt?: string;
  collection?: string;
  netDays?: number | null;
}

/** @throws DomainError `terms_not_allowed` when a user sets such terms */
export function assertTermsAllowed(principal: Principal, terms: SellersTerms): void {
  if (!takesPublicOffers(principal)) return;
  const [term] = Object.entries(terms).find(([, value]) => value !== undefined && value !== false) ?? [];
  if (term) throw new DomainError('forbidden', 'terms_not_allowed', `Only admins and API keys may set \`${term}\`.`);
}
