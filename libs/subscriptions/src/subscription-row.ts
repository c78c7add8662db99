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
  usageAnchor: 'timestamptz',
  nextAnchor: 'timestamptz',
  endsAt: 'timestamptz',
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
  deniedUntil: 'timestamptz',
  scheduledChange: 'jsonb',
  addOns: 'jsonb',
  remindedOf: 'timestamptz',
  version: 'integer',
  createdAt: 'timestamptz',
  updatedAt: 'timestamptz',
};
export const PROPERTIES = Object.keys(COLUMN_TYPES) as (keyof Subscription)[];
const columnOf = (property: string): string => property.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
export const COLUMNS = PROPERTIES.map(columnOf);

/** Column list for complete subscriptions. */
export const SELECTED = PROPERTIES.map((property, index) => `s.${COLUMNS[index]} as "${property}"`).join(', ');
/** SQL condition: rows of `subscriptions s` in one of the statuses. */
export const among = (statuses: readonly SubscriptionStatus[]): string =>
  `s.status in (${statuses.map((status) => `'${status}'`).join(', ')})`;
/** SQL condition: live rows. */
export const LIVE = among(LIVE_STATUSES);
/** SQL condition: excludes subscriptions canceled before their start. */
export const EVER_BEGUN = `(s.ended_at is null or s.ended_at >= s.started_at)`;
/** SQL condition: live rows that end with their period; `endsWithPeriod` in SQL. */
export const UNRENEWED = `(s.cancel_at_period_end or s.ends_at <= s.current_period_end or (not s.auto_renew and s.prepaid_periods = 0))`;

/** The SQL form of the kernel's amountOf: price times quantity of a row of `subscriptions s`, in minor units. */
export const AMOUNT = `(s.price->>'amount')::numeric * s.quantity`;

/** Columns that differ in any of the pairs, with their types. */
export function changedColumns(
  changes: { before: Subscription; after: Subscription }[],
): { property: keyof Subscription; column: string; type: string }[] {
  return PROPERTIES.flatMap((property, index) => {
    const differs = changes.some(({ before, after }) => !isSame(before[property], after[property]));
    return differs ? [{ property, column: COLUMNS[index]!, type: COLUMN_TYPES[property] }] : [];
  });
}

/** A column value as JSON. */
const revived = (property: keyof Subscription, value: unknown): unknown =>
  value !== null && COLUMN_TYPES[property] === 'timestamptz' ? new Date(value as string) : value;

export function subscriptionFromRow(row: SubscriptionRow): Subscription {
  const subscription: Record<string, unknown> = {};
  PROPERTIES.forEach((property, index) => (subscription[property] = revived(property, row[COLUMNS[index]!])));
  return subscription as unknown as Subscription;
}

/** An event payload as PostgreSQL's to_json returns it. */
export type StoredFacts = Record<string, unknown> & { plan: SubscriptionPayload['plan'] };

/** Old months of events may be pruned; then the state of that time cannot be reconstructed. */
export const historyNotKept = (): DomainError =>
  new DomainError('not_found', 'history_not_kept', 'Events of that time were pruned; choose a later instant.');

/** Values of fields that older events do not have. */
const BEFORE_THEY_EXISTED = { nextAnchor: null, endsAt: null, deniedUntil: null, addOns: {} };

/** Reconstructs a subscription from its events, oldest first. Its plan is known by key only. */
export function subscriptionFromFacts(now: Subscription, stored: StoredFacts[]): Subscription {
  const { plan, direction: _, lines: __, ...facts } = Object.assign({}, ...stored) as StoredFacts;
  const then: Record<string, unknown> = {
    ...now,
    ...BEFORE_THEY_EXISTED,
    planKey: plan.key,
    planName: plan.name ?? now.planName,
    planVersion: plan.version,
  };
  for (const [property, value] of Object.entries(facts))
    then[property] = revived(property as keyof Subscription, value);
  return then as unknown as Subscription;
}
