import type { FeatureType } from '@app/catalog';
import type { DenialReason, Entitlement, EntitlementSource } from '@app/entitlements';
import type { Period } from '@app/kernel';
import type { Burn } from './burn-down.js';
import {
  type Allowance,
  count,
  countable,
  effectiveLimit,
  grantedUnits,
  isWithinLimit,
  type Meter,
  overageOf,
  roomOf,
} from './meter.js';

/** Whether a customer may use a quantity now, how much is left, and why. Counts are units. */
export interface Decision {
  allowed: boolean;
  /** Null when allowed. `unavailable`: the database does not respond, and the feature's failure policy denies. */
  reason: DenialReason | 'unavailable' | null;
  customer: string;
  feature: string;
  type: FeatureType;
  requested: number;
  /**
   * Included, carried over and granted units together, at most 2^53-1; null: unlimited. Absent for features that are
   * not counted.
   */
  limit?: number | null;
  used?: number;
  reserved?: number;
  /** Null: unlimited. */
  remaining?: number | null;
  overage?: number;
  /** Part of the limit: carried over from earlier windows. Absent when 0. */
  carriedOver?: number;
  /** Part of the limit: from grants, burnt in this window or still available. Absent when 0. */
  granted?: number;
  windowStart?: string | null;
  /** Null: never. */
  resetsAt?: string | null;
  /** The value of a boolean or static feature. */
  value?: string | number | boolean;
  source: EntitlementSource | null;
  asOf: string;
  /** True when the feature's failure policy decided, because the database did not respond. */
  degraded?: boolean;
}

/** The quantity of one customer to decide on. */
export interface Question {
  customer: string;
  /** Units, 1 or more. */
  quantity: number;
  now: Date;
}

/** A decision, and the meter after it. */
export interface Outcome {
  decision: Decision;
  /** Units counted or reserved: 0 when denied, fewer than requested when capped. */
  taken: number;
  meter: Meter | null;
  burns: Burn[];
}

const NO_BURNS: Burn[] = [];

/** The allowance of an entitlement; null where nothing is counted. */
export function allowanceOf(
  { terms, schedule, since }: Entitlement,
  windowAt: (at: Date) => Period | null,
): Allowance | null {
  if (!terms || !schedule) return null;
  const opensWithUse = schedule.rule === 'first_use';
  const common = { windowName: schedule.name, windowAt, opensWithUse, since: since! };
  if (terms.type === 'metered')
    return {
      ...common,
      limit: terms.limit,
      overage: terms.overage,
      rolloverMax: 0,
      rateLimit: terms.rateLimit ?? null,
    };
  if (terms.type !== 'credit') return null;
  return {
    ...common,
    limit: terms.grant.quantity,
    overage: 'deny',
    rolloverMax: terms.grant.rolloverMax ?? 0,
    rateLimit: null,
  };
}

/** An entitlement with its current allowance and meter; both null where nothing is counted. */
export interface MeterState {
  entitlement: Entitlement;
  allowance: Allowance | null;
  meter: Meter | null;
}

/** Decides on a quantity and counts nothing. */
export function check(state: MeterState, question: Question): Decision {
  return decisionOf(state, state.meter, question, grantable(state, question));
}

/** Decides on a quantity and counts the allowed units: the decision shows the meter afterwards. */
export function consume(state: MeterState, question: Question): Outcome {
  const taken = grantable(state, question);
  const { allowance, meter } = state;
  if (!allowance || !meter || taken === 0)
    return { decision: decisionOf(state, meter, question, taken), taken: 0, meter, burns: NO_BURNS };
  const counted = count(meter, allowance, taken, question.now);
  return {
    decision: decisionOf(state, counted.meter, question, taken),
    taken,
    meter: counted.meter,
    burns: counted.burns,
  };
}

/** Decides on a quantity and reserves the allowed units. */
export function reserve(state: MeterState, question: Question): Outcome {
  const taken = grantable(state, question);
  const { meter } = state;
  const reserved = meter && { ...meter, reserved: meter.reserved + taken };
  return { decision: decisionOf(state, reserved, question, taken), taken, meter: reserved, burns: NO_BURNS };
}

/** The decision when the database does not respond: by the failure policy, on the state that this process cached. */
export function degradedDecision(state: MeterState, question: Question): Decision {
  const { allowance, meter, entitlement } = state;
  const lastKnown = check(state, question);
  const policy = entitlement.feature.failurePolicy;
  if (entitlement.denied || (policy === 'last_known' && (meter || !allowance))) return { ...lastKnown, degraded: true };
  const allowed = policy === 'allow';
  return { ...lastKnown, allowed, reason: allowed ? null : 'unavailable', degraded: true };
}

/** The limit that the database enforces too; null where usage beyond it is allowed. */
export function hardLimit(meter: Meter, allowance: Allowance, at: Date): number | null {
  return allowance.overage === 'allow' ? null : effectiveLimit(meter, allowance, at);
}

/** True for features whose usage is counted. */
export const isCounted = (type: FeatureType): boolean => type === 'metered' || type === 'credit';

/** How many of the requested units are allowed: all, none, or the remaining ones where overage is `cap`. */
function grantable({ entitlement, allowance, meter }: MeterState, { quantity, now }: Question): number {
  if (entitlement.denied) return 0;
  if (!allowance) return quantity;
  if (!meter) return 0;
  const { overage } = allowance;
  if (isRateLimited(meter, allowance, quantity)) return 0;
  const room = overage === 'allow' ? countable(meter) : roomOf(meter, allowance, now);
  if (quantity <= room) return quantity;
  return overage === 'cap' ? room : 0;
}

const isRateLimited = ({ recent }: Meter, { rateLimit }: Allowance, quantity: number): boolean =>
  rateLimit !== null && recent + quantity > rateLimit.limit;

/** True where the terms allow the units, but the counter would exceed the largest count. */
export function exceedsCount({ entitlement, allowance, meter }: MeterState, { quantity, now }: Question): boolean {
  if (entitlement.denied || !allowance || !meter || isRateLimited(meter, allowance, quantity)) return false;
  if (quantity <= countable(meter) || (allowance.overage === 'cap' && countable(meter) > 0)) return false;
  return allowance.overage === 'allow' || isWithinLimit(meter, allowance, quantity, now);
}

/** The window of a meter; null where the first use has not opened it yet. */
function windowOf({ window, windowIsOpen }: Entitlement, allowance: Allowance, meter: Meter): Period | null {
  if (window && window.start.getTime() === meter.windowStart.getTime())
    return windowIsOpen || meter.used + meter.reserved > 0 ? window : null;
  return allowance.windowAt(meter.windowStart);
}

/** Built member by member: one is built for every request, and spreads are slower. */
function decisionOf(
  { entitlement, allowance }: MeterState,
  meter: Meter | null,
  { customer, quantity, now }: Question,
  taken: number,
): Decision {
  const { feature, denied, terms, source } = entitlement;
  const allowed = denied === null && taken > 0;
  const reason = denied ?? (allowed ? null : 'limit_reached');
  const asOf = now.toISOString();
  if (!allowance || !meter) {
    const decision: Decision = {
      allowed,
      reason,
      customer,
      feature: feature.key,
      type: feature.type,
      requested: quantity,
      source,
      asOf,
    };
    if (terms && 'value' in terms) decision.value = terms.value;
    return decision;
  }
  const { used, reserved, carried } = meter;
  const window = windowOf(entitlement, allowance, meter);
  const limit = effectiveLimit(meter, allowance, now);
  const remaining = limit === null ? null : roomOf(meter, allowance, now);
  const decision: Decision = {
    allowed,
    reason,
    customer,
    feature: feature.key,
    type: feature.type,
    requested: quantity,
    limit,
    used,
    reserved,
    remaining,
    overage: overageOf(meter, allowance),
    windowStart: window?.start.toISOString() ?? null,
    resetsAt: window?.end.toISOString() ?? null,
    source,
    asOf,
  };
  const granted = grantedUnits(meter, now);
  if (carried > 0) decision.carriedOver = carried;
  if (granted > 0) decision.granted = granted;
  return decision;
}
