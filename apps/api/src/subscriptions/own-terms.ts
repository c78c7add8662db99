import { isSeller, type Principal } from '@app/auth';
import { DomainError } from '@app/kernel';

/** True for people who act for themselves: they get what everybody is offered. */
export const takesPublicOffers = (principal: Principal): boolean => principal.kind === 'user' && !isSeller(principal);

/** @throws DomainError `trial_not_allowed` when somebody would give a trial to themselves */
export function assertTrialAllowed(principal: Principal, trialDays: number | undefined): void {
  if (trialDays !== undefined && takesPublicOffers(principal)) {
    throw new DomainError('forbidden', 'trial_not_allowed', 'The plan says how long its trial is.');
  }
}

/** What only services and admins may ask for: it would cost the seller, or give a period for nothing. */
export interface SellersTerms {
  noProration?: boolean;
  credit?: boolean;
  indefinite?: boolean;
  billingAnchor?: string;
  renewNow?: boolean;
}

/** @throws DomainError `terms_not_allowed` when somebody would grant them to themselves */
export function assertTermsAllowed(principal: Principal, terms: SellersTerms): void {
  if (!takesPublicOffers(principal)) return;
  const [asked] = Object.entries(terms).find(([, value]) => value !== undefined && value !== false) ?? [];
  if (asked)
    throw new DomainError('forbidden', 'terms_not_allowed', `${asked} is not for people to give to themselves.`);
}
