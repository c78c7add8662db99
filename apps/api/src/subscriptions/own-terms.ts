import { isSeller, type Principal } from '@app/auth';
import { DomainError } from '@app/kernel';

/** True for users who act for their own customer: they get public offers only. */
export const takesPublicOffers = (principal: Principal): boolean => principal.kind === 'user' && !isSeller(principal);

/** @throws DomainError `trial_not_allowed` when a user sets its own trial */
export function assertTrialAllowed(principal: Principal, trialDays: number | undefined): void {
  if (trialDays !== undefined && takesPublicOffers(principal)) {
    throw new DomainError('forbidden', 'trial_not_allowed', 'The plan says how long its trial is.');
  }
}

/** Terms that only API keys and admins may set: they cost the seller. */
export interface SellersTerms {
  noProration?: boolean;
  credit?: boolean;
  indefinite?: boolean;
  billingAnchor?: string;
  renewNow?: boolean;
}

/** @throws DomainError `terms_not_allowed` when a user sets such terms */
export function assertTermsAllowed(principal: Principal, terms: SellersTerms): void {
  if (!takesPublicOffers(principal)) return;
  const [asked] = Object.entries(terms).find(([, value]) => value !== undefined && value !== false) ?? [];
  if (asked)
    throw new DomainError('forbidden', 'terms_not_allowed', `${asked} is not for people to give to themselves.`);
}
