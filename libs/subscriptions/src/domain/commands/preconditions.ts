import { DomainError } from '@app/kernel';
import { endsAsAgreed } from '../cadence.js';
import { allowedCommands } from '../state-machine.js';
import type { Subscription } from '../subscription.js';

export type When = 'now' | 'period_end';

/** @throws DomainError `subscription_canceled`; `end_agreed` when the current period is the last one */
export function assertNotEnding(subscription: Subscription): void {
  const { endedAt, cancelAtPeriodEnd, status } = subscription;
  if (endedAt !== null) return;
  if (endsAsAgreed(subscription)) throw endAgreed(subscription);
  if (!cancelAtPeriodEnd) return;
  throw new DomainError(
    'conflict',
    'subscription_canceled',
    'The subscription ends with this period; resume it first.',
    { subscriptionStatus: status, allowed: allowedCommands(status) },
  );
}

export const endAgreed = ({ endsAt }: Subscription): DomainError =>
  new DomainError('conflict', 'end_agreed', 'The subscription has an agreed end; set a later end, or none, first.', {
    endsAt,
  });

export function periodEndOf({ currentPeriodEnd, status }: Subscription): Date {
  if (currentPeriodEnd) return currentPeriodEnd;
  throw new DomainError('conflict', 'no_period_end', 'The subscription is indefinite: it has no period end.', {
    subscriptionStatus: status,
    allowed: allowedCommands(status),
  });
}
