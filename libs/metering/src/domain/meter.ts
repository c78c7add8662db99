import type { Overage, WindowName } from '@app/catalog';
import type { Grant } from '@app/entitlements';
import { type Period, totalOf } from '@app/kernel';
import { balanceOf, burn, type Burn, type GrantState, reset, accrueGrants, unwind } from './burn-down.js';

/** Counters without a window count from here. */
export const FOR_EVER = new Date(0);
/** The largest count that JSON carries exactly. */
export const MAX_COUNT = Number.MAX_SAFE_INTEGER;

/** What one customer has used of one feature in one window. Counts are units. */
export interface Meter {
  windowStart: Date;
  windowName: WindowName;
  used: number;
  /** Held by reservations. */
  reserved: number;
  /** Of the used ones: taken from grants. */
  fromGrants: number;
  /** Left over from the windows before, on top of what this one includes. */
  carried: number;
  /** The highest threshold, in percent, that has been told. */
  notified: number;
  /** Used within the span of the rate limit. */
  recent: number;
  grants: GrantState[];
}

/** What a meter is measured against. */
export interface Allowance {
  /** Units that each window includes; null: unlimited. */
  limit: number | null;
  overage: Overage;
  /** What may be left over from one window to the next; 0: nothing. */
  rolloverMax: number;
  rateLimit: { limit: number; windowSeconds: number } | null;
  windowName: WindowName;
  windowAt: (at: Date) => Period | null;
  /** Since when these terms hold: before it nothing is left over. */
  since: Date;
}

/** A meter on which nothing was ever counted. */
export function unusedMeter(allowance: Allowance, grants: Grant[], now: Date): Meter {
  const since = allowance.rolloverMax > 0 && allowance.since < now ? allowance.since : now;
  const { windowName } = allowance;
  const windowStart = allowance.windowAt(since)?.start ?? FOR_EVER;
  return {
    windowStart,
    windowName,
    used: 0,
    reserved: 0,
    fromGrants: 0,
    carried: 0,
    notified: 0,
    recent: 0,
    grants: grants.map((grant) => ({ grant, balance: 0, accruedUntil: null })),
  };
}

/** Units of the window itself that are free: included or carried over, and neither used nor held. */
function includedLeft({ used, fromGrants, carried }: Meter, limit: number): number {
  return Math.max(0, limit + carried - (used - fromGrants));
}

/** Units used that neither the window nor a grant covers. */
export function overageOf({ used, fromGrants, carried }: Meter, { limit }: Allowance): number {
  return limit === null ? 0 : Math.max(0, used - fromGrants - limit - carried);
}

/** All that the window allows: included, carried over, burnt from grants and still on them. null: unlimited. */
export function effectiveLimit(meter: Meter, { limit }: Allowance, at: Date): number | null {
  return limit === null ? null : limit + meter.carried + meter.fromGrants + balanceOf(meter.grants, at);
}

/** Units that may still be counted or held, whatever happens beyond the limit. */
export function roomOf(meter: Meter, { limit }: Allowance, at: Date): number {
  if (limit === null) return MAX_COUNT - meter.used - meter.reserved;
  return Math.max(0, includedLeft(meter, limit) + balanceOf(meter.grants, at) - meter.reserved);
}

/**
 * The meter as time alone has made it by `now`: the window that runs now, with what was left over, and grants up to date.
 * `covered` is what grants that became full have covered of this window's overage.
 */
export function advance(meter: Meter, allowance: Allowance, now: Date): { meter: Meter; covered: Burn[] } {
  const current = allowance.windowAt(now);
  const running = current && meter.windowStart < current.start ? enter(current, meter, allowance) : meter;
  if (running.grants.length === 0) return { meter: running, covered: [] };
  const { grants, covered } = accrueGrants(running.grants, now, overageOf(running, allowance));
  const coveredUnits = totalOf(covered, 'quantity');
  return { meter: { ...running, grants, fromGrants: running.fromGrants + coveredUnits }, covered };
}

/** Closes the meter's window and opens `current`; what lies between the two was not used. */
function enter(current: Period, meter: Meter, allowance: Allowance): Meter {
  const base: Meter = {
    ...meter,
    windowStart: current.start,
    windowName: allowance.windowName,
    used: 0,
    reserved: 0,
    fromGrants: 0,
    carried: 0,
    notified: 0,
  };
  if (meter.grants.length === 0 && allowance.rolloverMax === 0) return base;
  const closed = closingOf(meter, allowance, current);
  const beforeClose = accrueGrants(meter.grants, new Date(closed.getTime() - 1), overageOf(meter, allowance)).grants;
  const untilOpen = accrueGrants(reset(beforeClose, closed), new Date(current.start.getTime() - 1), 0).grants;
  return {
    ...base,
    carried: carriedInto(current, meter, allowance),
    grants: closed < current.start ? reset(untilOpen, current.start) : untilOpen,
  };
}

function closingOf({ windowStart }: Meter, { windowAt }: Allowance, current: Period): Date {
  const own = windowAt(windowStart);
  return own && own.end < current.start ? own.end : current.start;
}

/** What is left over of included units when `current` begins, after all windows since the meter's. */
function carriedInto(current: Period, meter: Meter, allowance: Allowance): number {
  const { limit, rolloverMax, windowAt, since } = allowance;
  if (rolloverMax === 0 || limit === null) return 0;
  const own = windowAt(meter.windowStart);
  const holdsFrom = windowAt(since);
  // Terms that are newer than the meter's window leave nothing over from before them.
  const stale = own && holdsFrom && own.start < holdsFrom.start;
  let window = stale ? holdsFrom : own;
  if (!window || window.start >= current.start) return 0;
  let carried = Math.min(rolloverMax, stale ? limit : includedLeft(meter, limit));
  while (window.end < current.start) {
    const next = Math.min(rolloverMax, limit + carried);
    if (next === carried) break;
    carried = next;
    window = windowAt(window.end)!;
  }
  return carried;
}

/** Counts units: of the window first, then of the grants; what neither covers becomes overage. */
export function count(meter: Meter, { limit }: Allowance, quantity: number, at: Date): { meter: Meter; burns: Burn[] } {
  const counted: Meter = {
    windowStart: meter.windowStart,
    windowName: meter.windowName,
    used: meter.used + quantity,
    reserved: meter.reserved,
    fromGrants: meter.fromGrants,
    carried: meter.carried,
    notified: meter.notified,
    recent: meter.recent + quantity,
    grants: meter.grants,
  };
  if (limit === null || meter.grants.length === 0) return { meter: counted, burns: [] };
  const { grants, burns, burnt } = burn(meter.grants, Math.max(0, quantity - includedLeft(meter, limit)), at);
  return { meter: { ...counted, grants, fromGrants: meter.fromGrants + burnt }, burns };
}

/** Takes units back, newest first: overage, then what came from grants, then what the window included. At most what was used. */
export function reverse(
  meter: Meter,
  allowance: Allowance,
  quantity: number,
  history: Burn[],
): { meter: Meter; burns: Burn[] } {
  const beyond = Math.max(0, Math.min(quantity - overageOf(meter, allowance), meter.fromGrants));
  const { grants, burns, returned } = unwind(meter.grants, beyond, history);
  return { meter: { ...meter, used: meter.used - quantity, fromGrants: meter.fromGrants - returned, grants }, burns };
}
