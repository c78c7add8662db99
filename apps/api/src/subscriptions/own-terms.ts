import { isAdmin, type Principal } from '@app/auth';
import { DomainError } from '@app/kernel';

/** True for people who act for themselves: they get what everybody is offered. */
export const takesPublicOffers = (principal: Principal): boolean => principal.kind === 'user' && !isAdmin(principal);

/** @throws DomainError `trial_not_allowed` when somebody would give a trial to themselves */
export function refuseOwnTrial(principal: Principal, trialDays: number | undefined): void {
  if (trialDays !== undefined && takesPublicOffers(principal)) {
    throw new DomainError('forbidden', 'trial_not_allowed', 'The plan says how long its trial is.');
  }
}
