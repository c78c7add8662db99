import { isLive, type SubscriptionStatus } from './subscription.js';

/** A change of the status of a subscription. */
export interface StatusChange {
  /** Id of the subscription. */
  id: string;
  at: Date;
  status: SubscriptionStatus;
  /** The status before; null: the subscription was created. */
  was: SubscriptionStatus | null;
}

/**
 * The status at an instant: of the live subscription, else of the newest one. Null: there was none yet.
 * @param changes of all subscriptions of one customer on one product, oldest first
 */
export function statusAt(changes: readonly StatusChange[], at: Date): SubscriptionStatus | null {
  const statuses = new Map<string, SubscriptionStatus | null>();
  for (const change of changes)
    if (change.at <= at) statuses.set(change.id, change.status);
    else if (!statuses.has(change.id)) statuses.set(change.id, change.was);
  const found = [...statuses].sort(([one], [other]) => (one < other ? 1 : -1)).flatMap(([, status]) => status ?? []);
  return found.find(isLive) ?? found[0] ?? null;
}
