import { eventPayload, type StoredFacts, type Subscription, subscriptionFromFacts } from '@app/subscriptions';

/** The fields that identify a subscription; its events do not contain it. */
export type SubscriptionIdentity = Pick<Subscription, 'id' | 'customerId' | 'productId' | 'testClockId'>;

/** The place of billing in the events of a subscription. */
export interface Position {
  identity: SubscriptionIdentity;
  /** Sequence of the last event that was folded. */
  sequence: number;
  /** The subscription after that event; null: none was folded yet. */
  state: Subscription | null;
  /** Usage before is never charged: billing began then. Null: nothing was billed yet. */
  billedFrom: Date | null;
  /** The last usage instant that has a draft. */
  usageAt: Date | null;
  /** True when usage since the last invoice with usage may cost something. */
  hasUsage: boolean;
  /** True when usage at any time did: it may still change. */
  hadUsage: boolean;
  /** Start of the coupon period; null: that of the period of the subscription. See `BilledCharge`. */
  couponPeriod: Date | null;
}

/** A position as its column contains it. */
export interface StoredState {
  facts: StoredFacts;
  billedFrom: string | null;
  usageAt: string | null;
  hasUsage: boolean;
  hadUsage: boolean;
  couponPeriod: string | null;
}

/** An event as it is stored. */
export interface StoredEvent {
  before: StoredFacts | null;
  after: StoredFacts;
}

export const storedState = (position: Position): object | null => {
  const { state, billedFrom, usageAt, hasUsage, hadUsage, couponPeriod } = position;
  return state && { facts: eventPayload(state), billedFrom, usageAt, hasUsage, hadUsage, couponPeriod };
};

const dateOf = (text: string | null | undefined): Date | null => (text ? new Date(text) : null);

export function positionOf(
  identity: SubscriptionIdentity,
  { sequence, state }: { sequence: number; state: StoredState | null },
): Position {
  return {
    identity,
    sequence,
    state: state && stateOf(identity, [state.facts]),
    billedFrom: dateOf(state?.billedFrom),
    usageAt: dateOf(state?.usageAt),
    hasUsage: state?.hasUsage ?? false,
    hadUsage: state?.hadUsage ?? false,
    couponPeriod: dateOf(state?.couponPeriod),
  };
}

const stateOf = (identity: SubscriptionIdentity, facts: StoredFacts[]): Subscription =>
  subscriptionFromFacts({ ...identity } as Subscription, facts);

/** The subscription after an event. Events of time contain only what they have changed. */
export const stateAfter = (
  state: Subscription | null,
  identity: SubscriptionIdentity,
  after: StoredFacts,
): Subscription => stateOf(identity, state ? [asFacts(state), after] : [after]);

const asFacts = (state: Subscription): StoredFacts => eventPayload(state);

/**
 * The subscription before its first unread event: its present row, with every later change taken back.
 * @param events the unread ones, oldest first, without a gap up to the present
 * @returns null when the first of them created it
 */
export function stateBefore(present: Subscription, events: StoredEvent[]): Subscription | null {
  if (events[0]?.before === null) return null;
  const undone = events.map(({ before }) => before).reverse() as StoredFacts[];
  return stateOf(present, [asFacts(present), ...undone]);
}
