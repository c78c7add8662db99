import type { Interval } from '@app/kernel';
import type { SubscriptionStatus } from './subscription.js';

/** Periods per year by interval, for recurring revenue: 365 days, 52 weeks. */
export const CYCLES_A_YEAR: Record<Interval, number> = { hour: 8_760, day: 365, week: 52, month: 12, year: 1 };

/** Statuses that count as paying: canceled until the end, and past due; not trials and pauses. */
export const PAYING_STATUSES: readonly SubscriptionStatus[] = ['active', 'past_due', 'canceled'];
