import { isSeller, type Principal } from '@app/auth';
import { DomainError } from '@app/kernel';

/** True for users who act for their own customer: they get public offers only. */
export const takesPublicOffers = (principal: Principal): boolean => principal.kind === 'user' && !isSeller(principal);

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
}

/** @throws DomainError `terms_not_allowed` when a user sets such terms */
export function assertTermsAllowed(principal: Principal, terms: SellersTerms): void {
  if (!takesPublicOffers(principal)) return;
  const [term] = Object.entries(terms).find(([, value]) => value !== undefined && value !== false) ?? [];
  if (term) throw new DomainError('forbidden', 'terms_not_allowed', `Only admins and API keys may set \`${term}\`.`);
}
