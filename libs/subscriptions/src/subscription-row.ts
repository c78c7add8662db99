import { DomainError } from '@app/kernel';
import {
  isSame,
  LIVE_STATUSES,
  type Subscription,
  type SubscriptionPayload,
  type SubscriptionStatus,
} from './domain/subscription.js';

/** A row of the subscriptions table as PostgreSQL's to_json gives it. */
export type SubscriptionRow = Record<string, unknown>;

const COLUMN_TYPES: Record<keyof Subscription, string> = {
  customerId: 'uuid',
  id: 'uuid',
  productId: 'uuid',
  testClockId: 'uuid',
  planId: 'uuid',
  planVersion: 'integer',
  planKey: 'text',
  planName: 'text',
  price: 'jsonb',
  quantity: 'integer',
  status: 'text',
  timezone: 'text',
  anchor: 'timestamptz',
  startedAt: 'timestamptz',
  currentPeriodStart: 'timestamptz',
  currentPeriodEnd: 'timestamptz',
  usagePeriodStart: 'timestamptz',
  planSince: 'timestamptz',
  trialEnd: 'timestamptz',
  autoRenew: 'boolean',
  prepaidPeriods: 'integer',
  cancelAtPeriodEnd: 'boolean',
  canceledAt: 'timestamptz',
  endedAt: 'timestamptz',
  pausedAt: 'timestamptz',
  scheduledChange: 'jsonb',
  remindedOf: 'timestamptz',
  version: 'integer',
  createdAt: 'timestamptz',
  updatedAt: 'timestamptz',
};
export const PROPERTIES = Object.keys(COLUMN_TYPES) as (keyof Subscription)[];
const columnOf = (property: string): string => property.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
export const COLUMNS = PROPERTIES.map(columnOf);

/** To select whole subscriptions. */
export const SELECTED = PROPERTIES.map((property, index) => `s.${COLUMNS[index]} as "${property}"`).join(', ');
/** True of rows of `subscriptions s` in one of the statuses. */
export const among = (statuses: readonly SubscriptionStatus[]): string =>
  `s.status in (${statuses.map((status) => `'${status}'`).join(', ')})`;
/** True of those that are live. */
export const LIVE = among(LIVE_STATUSES);
/** Contracts that were called off before they began never count. */
export const EVER_BEGUN = `(s.ended_at is null or s.ended_at >= s.started_at)`;
/** True of live ones that end with their period. */
export const UNRENEWED = `(s.cancel_at_period_end or (not s.auto_renew and s.prepaid_periods = 0))`;

/** The SQL form of the kernel's amountOf: price times quantity of a row of `subscriptions s`, in minor units. */
export const AMOUNT = `(s.price->>'amount')::numeric * s.quantity`;

/** The columns in which any of the pairs differ, with their types. */
export function changedColumns(
  changes: { before: Subscription; after: Subscription }[],
): { property: keyof Subscription; column: string; type: string }[] {
  return PROPERTIES.flatMap((property, index) => {
    const differs = changes.some(({ before, after }) => !isSame(before[property], after[property]));
    return differs ? [{ property, column: COLUMNS[index]!, type: COLUMN_TYPES[property] }] : [];
  });
}

/** A value of one of its columns, as JSON carries it. */
const revived = (property: keyof Subscription, value: unknown): unknown =>
  value !== null && COLUMN_TYPES[property] === 'timestamptz' ? new Date(value as string) : value;

export function subscriptionFromRow(row: SubscriptionRow): Subscription {
  const subscription: Record<string, unknown> = {};
  PROPERTIES.forEach((property, index) => (subscription[property] = revived(property, row[COLUMNS[index]!])));
  return subscription as unknown as Subscription;
}

/** What an event has kept, as PostgreSQL's to_json gives it. */
export type StoredFacts = Record<string, unknown> & { plan: SubscriptionPayload['plan'] };

/** Months of events can be forgotten: what began before cannot be told from the rest. */
export const historyNotKept = (): DomainError =>
  new DomainError('not_found', 'history_not_kept', 'What happened then is no longer kept.');

/** A subscription as it was when the last of the facts was recorded, told from the first on; its plan is known by its key alone. */
export function subscriptionFromFacts(now: Subscription, told: StoredFacts[]): Subscription {
  const { plan, direction: _, lines: __, ...facts } = Object.assign({}, ...told) as StoredFacts;
  const then: Record<string, unknown> = {
    ...now,
    planKey: plan.key,
    planName: plan.name ?? now.planName,
    planVersion: plan.version,
  };
  for (const [property, value] of Object.entries(facts))
    then[property] = revived(property as keyof Subscription, value);
  return then as unknown as Subscription;
}
