import { isLive, type Subscription } from './subscription.js';

/** The fields that decide whether a subscription allows anything at an instant. */
export type AllowingState = Pick<Subscription, 'status' | 'graceEndsAt'>;

/** A change of the status of a subscription. */
export interface StatusChange {
  /** Id of the subscription. */
  id: string;
  at: Date;
  after: AllowingState;
  /** Null: the subscription was created. */
  before: AllowingState | null;
}

/**
 * The state at an instant: of the live subscription, else of the newest one. Null: there was none yet.
 * @param changes of all subscriptions of one customer on one product, oldest first
 */
export function stateAt(changes: readonly StatusChange[], at: Date): AllowingState | null {
  const states = new Map<string, AllowingState | null>();
  for (const change of changes)
    if (change.at <= at) states.set(change.id, change.after);
    else if (!states.has(change.id)) states.set(change.id, change.before);
  const found = [...states].sort(([one], [other]) => (one < other ? 1 : -1)).flatMap(([, state]) => state ?? []);
  return found.find(({ status }) => isLive(status)) ?? found[0] ?? null;
}
