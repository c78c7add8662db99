import type { FeatureType } from '@app/catalog';
import type { DenialReason, Entitlement, EntitlementSource } from '@app/entitlements';
import type { Period } from '@app/kernel';
import { balanceOf, type Burn } from './burn-down.js';
import { type Allowance, count, effectiveLimit, type Meter, MAX_COUNT, overageOf, roomOf } from './meter.js';

/** May this customer do this now, and how much is left: the answer, with all that led to it. Counts are units. */
export interface Decision {
  allowed: boolean;
  /** null when allowed. `unavailable`: the database could not be asked, and the feature's failure policy denies. */
  reason: DenialReason | 'unavailable' | null;
  customer: string;
  feature: string;
  type: FeatureType;
  requested: number;
  /** Included, carried over and granted together; null: unlimited. Absent for features that are not counted. */
  limit?: number | null;
  used?: number;
  reserved?: number;
  /** null: unlimited. */
  remaining?: number | null;
  overage?: number;
  /** Of the limit: left over from the windows before. Absent when nothing is. */
  carriedOver?: number;
  /** Of the limit: from grants, burnt in this window or still there. Absent when there is none. */
  granted?: number;
  windowStart?: string | null;
  /** null: never. */
  resetsAt?: string | null;
  /** What a boolean or static feature is set to. */
  value?: string | number | boolean;
  source: EntitlementSource | null;
  asOf: string;
  /** True when the database could not be asked: the feature's failure policy has answered. */
  degraded?: boolean;
}

export interface Question {
  customer: string;
  /** Units, 1 or more. */
  quantity: number;
  now: Date;
}

/** An answer, and the meter after it. */
export interface Outcome {
  decision: Decision;
  /** Units counted or held: 0 when denied, fewer than asked for when capped. */
  taken: number;
  meter: Meter | null;
  burns: Burn[];
}

const NO_BURNS: Burn[] = [];

/** What a meter of these terms is measured against; null when there is nothing to count. */
export function allowanceOf(
  { terms, schedule, since }: Entitlement,
  windowAt: (at: Date) => Period | null,
): Allowance | null {
  if (!terms || !schedule) return null;
  const common = { windowName: schedule.name, windowAt, since: since! };
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

/** An entitlement and the meter that it is counted on, up to date; both null where nothing is counted. */
export interface MeterState {
  entitlement: Entitlement;
  allowance: Allowance | null;
  meter: Meter | null;
}

/** Decides one question, counting nothing. */
export function check(situation: MeterState, question: Question): Decision {
  return decisionOf(situation, situation.meter, question, grantable(situation, question));
}

/** Decides one question and counts what it allows: the decision shows the meter afterwards. */
export function consume(situation: MeterState, question: Question): Outcome {
  const taken = grantable(situation, question);
  const { allowance, meter } = situation;
  if (!allowance || !meter || taken === 0)
    return { decision: decisionOf(situation, meter, question, taken), taken: 0, meter, burns: NO_BURNS };
  const counted = count(meter, allowance, taken, question.now);
  return {
    decision: decisionOf(situation, counted.meter, question, taken),
    taken,
    meter: counted.meter,
    burns: counted.burns,
  };
}

/** Decides one question and holds what it allows. */
export function reserve(situation: MeterState, question: Question): Outcome {
  const taken = grantable(situation, question);
  const { meter } = situation;
  const held = meter && { ...meter, reserved: meter.reserved + taken };
  return { decision: decisionOf(situation, held, question, taken), taken, meter: held, burns: NO_BURNS };
}

/** The answer when the database could not be asked. The situation is what this process remembers. */
export function degradedDecision(situation: MeterState, question: Question): Decision {
  const { allowance, meter, entitlement } = situation;
  const remembered = check(situation, question);
  const policy = entitlement.feature.failurePolicy;
  if (entitlement.denied || (policy === 'last_known' && (meter || !allowance)))
    return { ...remembered, degraded: true };
  const allowed = policy === 'allow';
  return { ...remembered, allowed, reason: allowed ? null : 'unavailable', degraded: true };
}

/** The limit that holds against overshooting, or null: what the database is told to guard beside this. */
export function hardLimit(meter: Meter, allowance: Allowance, at: Date): number | null {
  return allowance.overage === 'allow' ? null : effectiveLimit(meter, allowance, at);
}

/** True for features whose use is counted. */
export const isCounted = (type: FeatureType): boolean => type === 'metered' || type === 'credit';

/** How many of the units asked for are allowed: all, none, or what is left where the limit caps. */
function grantable({ entitlement, allowance, meter }: MeterState, { quantity, now }: Question): number {
  if (entitlement.denied) return 0;
  if (!allowance) return quantity;
  if (!meter) return 0;
  const { rateLimit, overage } = allowance;
  if (rateLimit && meter.recent + quantity > rateLimit.limit) return 0;
  const room = overage === 'allow' ? MAX_COUNT - meter.used - meter.reserved : roomOf(meter, allowance, now);
  if (quantity <= room) return quantity;
  return overage === 'cap' ? room : 0;
}

/** Written out member by member: it is made for every question. */
function decisionOf(
  { entitlement, allowance }: MeterState,
  meter: Meter | null,
  { customer, quantity, now }: Question,
  taken: number,
): Decision {
  const { feature, denied, terms, source, window } = entitlement;
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
  const granted = meter.fromGrants + balanceOf(meter.grants, now);
  if (carried > 0) decision.carriedOver = carried;
  if (granted > 0) decision.granted = granted;
  return decision;
}
