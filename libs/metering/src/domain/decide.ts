import type { FeatureType } from '@app/catalog';
import type { DenialReason, Entitlement, EntitlementSource } from '@app/entitlements';
import { isoText, type Period } from '@app/kernel';
import { changeOf, ledgerValue } from './aggregation.js';
import type { Report } from './report.js';
import type { Burn } from './burn-down.js';
import { changed, type EntityMeter, entityRoom } from './entity-meter.js';
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
  /** The entity that the request named, with its own count. Limit and remaining are null without `entityLimit`. */
  entity?: { id: string; limit: number | null; used: number; reserved: number; remaining: number | null };
  /** The value of a boolean or static feature. */
  value?: string | number | boolean;
  source: EntitlementSource | null;
  /** When a payment failed. Absent unless the subscription is past due: also while its grace allows the features. */
  pastDueSince?: string;
  asOf: string;
  /** True when the feature's failure policy decided, because the database did not respond. */
  degraded?: boolean;
}

/** The quantity of one customer to decide on, or its value in place of a quantity. */
export interface Question extends Report {
  customer: string;
  /** Units, 1 or more; without meaning beside a value. */
  quantity: number;
  now: Date;
}

/** A decision, and the meter after it. */
export interface Outcome {
  decision: Decision;
  /** Units counted or reserved: 0 when denied, fewer than requested when capped. A lower value counts below 0. */
  taken: number;
  meter: Meter | null;
  entity: EntityMeter | null;
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
      entityLimit: terms.entityLimit ?? null,
    };
  if (terms.type !== 'credit') return null;
  return {
    ...common,
    limit: terms.grant.quantity,
    overage: 'deny',
    rolloverMax: terms.grant.rolloverMax ?? 0,
    rateLimit: null,
    entityLimit: null,
  };
}

/** An entitlement with its current allowance and meter; both null where nothing is counted. */
export interface MeterState {
  entitlement: Entitlement;
  allowance: Allowance | null;
  meter: Meter | null;
  /** The meter of the entity in question, if there is one. */
  entity?: EntityMeter | null;
}

/** Decides on a quantity and counts nothing. */
export function check(state: MeterState, question: Question): Decision {
  return decisionOf(state, state, question, grantable(state, question) !== null);
}

/** Decides on a quantity and counts the allowed units: the decision shows the meter afterwards. */
export function consume(state: MeterState, question: Question): Outcome {
  const taken = grantable(state, question);
  const { allowance, meter, entity = null } = state;
  if (!allowance || !meter || taken === null)
    return { decision: decisionOf(state, state, question, taken !== null), taken: 0, meter, entity, burns: NO_BURNS };
  const counted = count(meter, allowance, taken, question.now);
  const after = {
    meter: counted.meter,
    entity: entity && changed(entity, taken, question.value === undefined ? null : question.now),
  };
  return { decision: decisionOf(state, after, question, true), taken, ...after, burns: counted.burns };
}

/** Decides on a quantity and reserves the allowed units. */
export function reserve(state: MeterState, question: Question): Outcome {
  const granted = grantable(state, question);
  const taken = granted ?? 0;
  const { meter, entity = null } = state;
  const after = {
    meter: meter && { ...meter, reserved: meter.reserved + taken },
    entity: entity && { ...entity, reserved: entity.reserved + taken },
  };
  return { decision: decisionOf(state, after, question, granted !== null), taken, ...after, burns: NO_BURNS };
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

/**
 * How many of the requested units are allowed: all, none (null), or the remaining ones where overage is `cap`. A value
 * that does not raise the count is always allowed: it has happened, and denying it would keep a count that is too high.
 */
function grantable({ entitlement, allowance, meter, entity }: MeterState, question: Question): number | null {
  if (entitlement.denied) return null;
  if (!allowance) return question.quantity;
  if (!meter) return null;
  const { entityLimit, overage } = allowance;
  const change = changeBy(entitlement, entity, question);
  if (change <= 0) return change;
  if (isRateLimited(meter, allowance, change)) return null;
  const room = Math.min(ownRoom(meter, allowance, question.now), entityRoom(entityLimit, entity));
  if (change <= room) return change;
  return overage === 'cap' && room > 0 ? room : null;
}

const changeBy = (
  { feature }: Entitlement,
  entity: EntityMeter | null | undefined,
  { quantity, value, now }: Question,
): number => changeOf(feature.aggregation, entity, { quantity, value, at: now });

/** Units that the customer's own limit allows. */
const ownRoom = (meter: Meter, allowance: Allowance, now: Date): number =>
  allowance.overage === 'allow' ? countable(meter) : roomOf(meter, allowance, now);

const isRateLimited = ({ recent }: Meter, { rateLimit }: Allowance, quantity: number): boolean =>
  rateLimit !== null && recent + quantity > rateLimit.limit;

/** True where the terms allow the units, but the counter would exceed the largest count. */
export function exceedsCount({ entitlement, allowance, meter, entity }: MeterState, question: Question): boolean {
  if (entitlement.denied || !allowance || !meter) return false;
  const change = changeBy(entitlement, entity, question);
  if (isRateLimited(meter, allowance, change) || entityRoom(allowance.entityLimit, entity) < change) return false;
  if (change <= countable(meter) || (allowance.overage === 'cap' && countable(meter) > 0)) return false;
  return allowance.overage === 'allow' || isWithinLimit(meter, allowance, change, question.now);
}

/** The window of a meter; null where the first use has not opened it yet. */
function windowOf({ window, windowIsOpen }: Entitlement, allowance: Allowance, meter: Meter): Period | null {
  if (window && window.start.getTime() === meter.windowStart.getTime())
    return windowIsOpen || meter.used + meter.reserved > 0 ? window : null;
  return allowance.windowAt(meter.windowStart);
}

/** Built member by member: one is built for every request, and spreads are slower. */
function decisionOf(
  state: MeterState,
  { meter, entity }: Pick<MeterState, 'meter' | 'entity'>,
  question: Question,
  allowed: boolean,
): Decision {
  const { entitlement, allowance } = state;
  const { customer, now } = question;
  const { feature, denied, terms, source, pastDueSince } = entitlement;
  const reason = denied ?? (allowed ? null : 'limit_reached');
  const requested = requestedUnits(question);
  const asOf = isoText(now);
  if (!allowance || !meter) {
    const decision: Decision = {
      allowed,
      reason,
      customer,
      feature: feature.key,
      type: feature.type,
      requested,
      source,
      asOf,
    };
    if (terms && 'value' in terms) decision.value = terms.value;
    if (pastDueSince) decision.pastDueSince = isoText(pastDueSince);
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
    requested,
    limit,
    used,
    reserved,
    remaining,
    overage: overageOf(meter, allowance),
    windowStart: window && isoText(window.start),
    resetsAt: window && isoText(window.end),
    source,
    asOf,
  };
  const granted = grantedUnits(meter, now);
  if (carried > 0) decision.carriedOver = carried;
  if (granted > 0) decision.granted = granted;
  if (pastDueSince) decision.pastDueSince = isoText(pastDueSince);
  if (entity && question.entity !== undefined) decision.entity = shownEntity(question.entity, entity, allowance);
  return decision;
}

/** The units of a request: those of its value, if it has one. A distinct value is one unit. */
const requestedUnits = ({ quantity, value }: Question): number => ledgerValue(value) ?? quantity;

function shownEntity(id: string, { used, reserved }: EntityMeter, { entityLimit }: Allowance): Decision['entity'] {
  const remaining = entityLimit === null ? null : Math.max(0, entityLimit - used - reserved);
  return { id, limit: entityLimit, used, reserved, remaining };
}
