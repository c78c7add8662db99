import type { Operation } from '../../../shell/me';
import type { Subscription } from '../customer-reads';

export type Command = 'change' | 'cancel' | 'resume' | 'pause' | 'unpause' | 'extend' | 'payment';
export type When = 'now' | 'period_end';
type Status = Subscription['status'];

interface Rule {
  command: Command;
  /** Route that the command calls. */
  operation: Operation;
  /** Statuses that permit the command. */
  statuses: readonly Status[];
  /** A further condition; absent: none. */
  permits?: (subscription: Subscription) => boolean;
}

const RULES: readonly Rule[] = [
  {
    command: 'change',
    operation: 'changeSubscription',
    statuses: ['trialing', 'active', 'past_due', 'canceled'],
  },
  {
    command: 'resume',
    operation: 'resumeSubscription',
    statuses: ['trialing', 'active', 'past_due', 'canceled'],
    permits: ({ cancelAtPeriodEnd, scheduledChange }) => cancelAtPeriodEnd || scheduledChange !== null,
  },
  { command: 'pause', operation: 'pauseSubscription', statuses: ['trialing', 'active'] },
  { command: 'unpause', operation: 'unpauseSubscription', statuses: ['paused'] },
  {
    command: 'extend',
    operation: 'extendSubscription',
    statuses: ['trialing', 'active', 'past_due', 'canceled'],
    permits: ({ currentPeriodEnd }) => currentPeriodEnd !== null,
  },
  { command: 'payment', operation: 'recordPaymentSubscription', statuses: ['active', 'past_due'] },
  {
    command: 'cancel',
    operation: 'cancelSubscription',
    statuses: ['trialing', 'active', 'past_due', 'paused', 'canceled'],
  },
];

/** Commands that the state of the subscription permits and the role may give. */
export const permittedCommands = (subscription: Subscription, can: (operation: Operation) => boolean): Command[] =>
  RULES.filter(
    ({ operation, statuses, permits }) =>
      can(operation) && statuses.includes(subscription.status) && (permits?.(subscription) ?? true),
  ).map(({ command }) => command);

/** Times at which a change or a cancellation can take effect. */
export function timesOf({ status, cancelAtPeriodEnd, currentPeriodEnd }: Subscription): When[] {
  const hasNextPeriod = ['trialing', 'active', 'past_due'].includes(status) && currentPeriodEnd !== null;
  return hasNextPeriod && !cancelAtPeriodEnd ? ['now', 'period_end'] : ['now'];
}
