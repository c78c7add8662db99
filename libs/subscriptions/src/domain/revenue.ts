import type { Interval } from '@app/kernel';
import type { SubscriptionStatus } from './subscription.js';

/** How often a year a price of one interval is due, as recurring revenue is reckoned: years have 365 days, and 52 weeks. */
export const CYCLES_A_YEAR: Record<Interval, number> = { hour: 8_760, day: 365, week: 52, month: 12, year: 1 };

/** Contracts that are paid for: a trial and a pause are not; one that is set to end is, until it ends; one that is past due is meant to be. */
export const PAYING_STATUSES: readonly SubscriptionStatus[] = ['active', 'past_due', 'canceled'];
