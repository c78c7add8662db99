import { DomainError } from '@app/kernel';
import { allowedCommands } from '../state-machine.js';
import type { Subscription } from '../subscription.js';

export type When = 'now' | 'period_end';

export function assertNotEnding({ endedAt, cancelAtPeriodEnd, status }: Subscription): void {
  if (endedAt !== null || !cancelAtPeriodEnd) return;
  throw new DomainError(
    'conflict',
    'subscription_canceled',
    'The subscription ends with this period; resume it first.',
    { subscriptionStatus: status, allowed: allowedCommands(status) },
  );
}

export function periodEndOf({ currentPeriodEnd, status }: Subscription): Date {
  if (currentPeriodEnd) return currentPeriodEnd;
  throw new DomainError('conflict', 'no_period_end', 'The subscription is indefinite: it has no period end.', {
    subscriptionStatus: status,
    allowed: allowedCommands(status),
  });
}
