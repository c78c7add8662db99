import { dueAt } from './domain/advance.js';
import type { Subscription, SubscriptionFacts } from './domain/subscription.js';

/** A row of the subscriptions table as PostgreSQL's to_json gives it. */
export type SubscriptionRow = Record<string, unknown>;

const COLUMN_TYPES: Record<keyof Subscription, string> = {
  customerId: 'uuid', id: 'uuid', productId: 'uuid', testClockId: 'uuid', planId: 'uuid', planVersion: 'integer', planKey: 'text', planName: 'text', price: 'jsonb',
  quantity: 'integer', status: 'text', timezone: 'text', anchor: 'timestamptz', startedAt: 'timestamptz', currentPeriodStart: 'timestamptz',
  currentPeriodEnd: 'timestamptz', usagePeriodStart: 'timestamptz', planSince: 'timestamptz', trialEnd: 'timestamptz', autoRenew: 'boolean',
  prepaidPeriods: 'integer', cancelAtPeriodEnd: 'boolean', canceledAt: 'timestamptz', endedAt: 'timestamptz', pausedAt: 'timestamptz',
  scheduledChange: 'jsonb', remindedOf: 'timestamptz', version: 'integer', createdAt: 'timestamptz', updatedAt: 'timestamptz',
};
const PROPERTIES = Object.keys(COLUMN_TYPES) as (keyof Subscription)[];
const columnOf = (property: string): string => property.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const COLUMNS = PROPERTIES.map(columnOf);

/** To select whole subscriptions. */
export const SELECTED = PROPERTIES.map((property, index) => `s.${COLUMNS[index]} as "${property}"`).join(', ');
/** To write them: names, and the same as a record of JSON. */
export const WRITTEN = [...COLUMNS, 'due_at'];
export const AS_RECORD = `(${[...PROPERTIES.map((property, index) => `${COLUMNS[index]} ${COLUMN_TYPES[property]}`), 'due_at timestamptz'].join(', ')})`;

const sameValue = (one: unknown, other: unknown): boolean =>
  one === other || (one instanceof Date && other instanceof Date ? one.getTime() === other.getTime() : typeof one === 'object' && JSON.stringify(one) === JSON.stringify(other));

/** The columns in which any of the pairs differ, with their types. */
export function changedColumns(changes: { before: Subscription; after: Subscription }[]): { property: keyof Subscription; column: string; type: string }[] {
  return PROPERTIES.flatMap((property, index) => {
    const differs = changes.some(({ before, after }) => !sameValue(before[property], after[property]));
    return differs ? [{ property, column: COLUMNS[index]!, type: COLUMN_TYPES[property] }] : [];
  });
}

/** As AS_RECORD reads it. */
export function rowOf(subscription: Subscription): SubscriptionRow {
  const row: SubscriptionRow = { due_at: dueAt(subscription) };
  PROPERTIES.forEach((property, index) => (row[COLUMNS[index]!] = subscription[property]));
  return row;
}

export function subscriptionFromRow(row: SubscriptionRow): Subscription {
  const subscription: Record<string, unknown> = {};
  PROPERTIES.forEach((property, index) => {
    const value = row[COLUMNS[index]!];
    subscription[property] = value !== null && COLUMN_TYPES[property] === 'timestamptz' ? new Date(value as string) : value;
  });
  return subscription as unknown as Subscription;
}

/** What an event has kept, as PostgreSQL's to_json gives it. */
export type StoredFacts = Record<string, unknown> & { plan: SubscriptionFacts['plan'] };

/** A subscription as it was when the last of the facts was recorded, told from the first on; its plan is known by its key alone. */
export function subscriptionFromFacts(now: Subscription, told: StoredFacts[]): Subscription {
  const { plan, ...facts } = Object.assign({}, ...told) as StoredFacts;
  const then: Record<string, unknown> = { ...now, planKey: plan.key, planName: plan.name ?? now.planName, planVersion: plan.version };
  for (const [property, value] of Object.entries(facts)) {
    then[property] = value !== null && COLUMN_TYPES[property as keyof Subscription] === 'timestamptz' ? new Date(value as string) : value;
  }
  return then as unknown as Subscription;
}

