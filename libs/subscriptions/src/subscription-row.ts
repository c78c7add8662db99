import type { Subscription } from './domain/subscription.js';

/** A row of the subscriptions table as PostgreSQL's to_json gives it. */
export type SubscriptionRow = Record<string, unknown>;

const INSTANTS = new Set(['anchor', 'started_at', 'current_period_start', 'current_period_end', 'usage_period_start', 'plan_since', 'trial_end', 'canceled_at', 'ended_at', 'paused_at', 'created_at', 'updated_at']);
const propertyNames = new Map<string, string>();

function propertyOf(column: string): string {
  let name = propertyNames.get(column);
  if (name === undefined) propertyNames.set(column, (name = column.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase())));
  return name;
}

export function subscriptionFromRow(row: SubscriptionRow): Subscription {
  const subscription: Record<string, unknown> = {};
  for (const column in row) {
    const value = row[column];
    subscription[propertyOf(column)] = value !== null && INSTANTS.has(column) ? new Date(value as string) : value;
  }
  return subscription as unknown as Subscription;
}
