import type { Overage } from '@app/catalog';
import type { Grant } from '@app/entitlements';
import { capped, MAX_COUNT, type Period, totalOf } from '@app/kernel';
import {
  balanceOf,
  burn,
  type Burn,
  type Coverage,
  type GrantState,
  reset,
  accrueGrants,
  unwind,
} from './burn-down.js';

/** The window start of counters without a window. */
export const FOR_EVER = new Date(0);

/** The usage of one customer of one feature in one window. Counts are units. */
export interface Meter {
  windowStart: Date;
  /** The kind of window. */
  windowName: string;
  used: number;
  /** Units that reservations reserve. */
  reserved: number;
  /** Part of `used`: burnt from grants. */
  fromGrants: number;
  /** Units carried over from earlier windows, in addition to the included ones. */
  carried: number;
  /** The highest threshold that was published, in percent. */
  notified: number;
  /** Units used within the span of the rate limit. */
  recent: number;
  grants: GrantState[];
}

/** The terms that a meter is measured against. */
export interface Allowance {
  /** Included units of each window; null: unlimited. */
  limit: number | null;
  overage: Overage;
  /** The most units that are carried over from one window to the next; 0: none. */
  rolloverMax: number;
  rateLimit: { limit: number; windowSeconds: number } | null;
  /** The most units of each entity; null: no such limit. */
  entityLimit: number | null;
  windowName: string;
  windowAt: (at: Date) => Period | null;
  /** True where the first use opens a window: there are no windows without usage. */
  opensWithUse?: boolean;
  /** When these terms began: nothing is carried over from before. */
  since: Date;
}

/** A meter without any usage. */
export function unusedMeter(allowance: Allowance, grants: Grant[], now: Date): Meter {
  const rollsOver = allowance.rolloverMax > 0 && !allowance.opensWithUse;
  const since = rollsOver && allowance.since < now ? allowance.since : now;
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

/** Unused units of the window itself: included or carried over. */
function includedLeft({ used, fromGrants, carried }: Meter, limit: number): number {
  // In this order every result within MAX_COUNT is exact.
  return Math.max(0, capped(limit - (used - fromGrants) + carried));
}

/** Used units that neither the window nor a grant covers. */
export function overageOf({ used, fromGrants, carried }: Meter, { limit }: Allowance): number {
  return limit === null ? 0 : Math.max(0, used - fromGrants - limit - carried);
}

/** Units of the window that grants have covered, or still can: at most MAX_COUNT. */
export const grantedUnits = (meter: Meter, at: Date): number => capped(meter.fromGrants + balanceOf(meter.grants, at));

/**
 * The limit with carried over units, units burnt from grants, and units available on them: at most MAX_COUNT. Null:
 * unlimited.
 */
export function effectiveLimit(meter: Meter, { limit }: Allowance, at: Date): number | null {
  return limit === null ? null : capped(limit + meter.carried + grantedUnits(meter, at));
}

/** Units that the counter can still hold. */
export const countable = ({ used, reserved }: Meter): number => MAX_COUNT - used - reserved;

/** Units that may still be counted or reserved within the limit, and that the counter can hold. */
export function roomOf(meter: Meter, { limit }: Allowance, at: Date): number {
  if (limit === null) return countable(meter);
  const covered = Math.min(includedLeft(meter, limit) + balanceOf(meter.grants, at), MAX_COUNT - meter.used);
  return Math.max(0, covered - meter.reserved);
}

/** True where the limit allows the units, whether or not the counter can hold them. */
export function isWithinLimit(meter: Meter, { limit }: Allowance, quantity: number, at: Date): boolean {
  if (limit === null) return true;
  return quantity + meter.reserved <= includedLeft(meter, limit) + balanceOf(meter.grants, at);
}

/** A meter advanced to an instant, with the overage that newly filled grants have covered. */
export interface AdvancedMeter {
  meter: Meter;
  /** Covered overage of the current window. */
  covered: Coverage[];
  /** Covered overage of the meter's former window, if that has closed. */
  coveredAtClose?: Coverage[];
}

/**
 * Advances a meter to `now`: to the current window, with rollover applied and grants accrued.
 * @param closingLimit included units of the meter's window, if that has closed: terms may have changed since
 */
export function advance(
  meter: Meter,
  allowance: Allowance,
  now: Date,
  closingLimit: number | null = allowance.limit,
): AdvancedMeter {
  const current = allowance.windowAt(now);
  const { meter: entered, covered: coveredAtClose } =
    current && meter.windowStart < current.start
      ? enter(current, meter, { ...allowance, closingLimit })
      : { meter, covered: undefined };
  if (entered.grants.length === 0) return { meter: entered, covered: [], coveredAtClose };
  const { grants, covered } = accrueGrants(entered.grants, now, overageOf(entered, allowance));
  const coveredUnits = totalOf(covered, 'quantity');
  return { meter: { ...entered, grants, fromGrants: entered.fromGrants + coveredUnits }, covered, coveredAtClose };
}

/**
 * Closes the meter's window and opens `current`; windows between the two had no usage. `covered` has the overage of the
 * closed window that grants covered before its end.
 */
function enter(
  current: Period,
  meter: Meter,
  allowance: Allowance & { closingLimit: number | null },
): { meter: Meter; covered: Coverage[] } {
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
  if (meter.grants.length === 0 && allowance.rolloverMax === 0) return { meter: base, covered: [] };
  const closed = closingOf(meter, allowance, current);
  const overage = overageOf(meter, { ...allowance, limit: allowance.closingLimit });
  const { grants: beforeClose, covered } = accrueGrants(meter.grants, new Date(closed.getTime() - 1), overage);
  const untilOpen = accrueGrants(reset(beforeClose, closed), new Date(current.start.getTime() - 1), 0).grants;
  const entered = {
    ...base,
    carried: carriedInto(current, meter, allowance),
    grants: closed < current.start ? reset(untilOpen, current.start) : untilOpen,
  };
  return { meter: entered, covered };
}

function closingOf({ windowStart }: Meter, { windowAt }: Allowance, current: Period): Date {
  const own = windowAt(windowStart);
  return own && own.end < current.start ? own.end : current.start;
}

/** Included units that are carried over into `current`, through all windows since the meter's. */
function carriedInto(current: Period, meter: Meter, allowance: Allowance): number {
  const { limit, rolloverMax, windowAt, since } = allowance;
  if (rolloverMax === 0 || limit === null) return 0;
  const own = windowAt(meter.windowStart);
  if (allowance.opensWithUse) return own && own.end > since ? Math.min(rolloverMax, includedLeft(meter, limit)) : 0;
  const firstOfTerms = windowAt(since);
  // Terms that are newer than the meter's window carry nothing over from windows before them.
  const outdated = own && firstOfTerms && own.start < firstOfTerms.start;
  let window = outdated ? firstOfTerms : own;
  if (!window || window.start >= current.start) return 0;
  let carried = Math.min(rolloverMax, outdated ? limit : includedLeft(meter, limit));
  while (window.end < current.start) {
    const next = Math.min(rolloverMax, limit + carried);
    if (next === carried) break;
    carried = next;
    window = windowAt(window.end)!;
  }
  return carried;
}

/** Counts units: first from the window, then from grants; the rest becomes overage. */
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

/** Takes back at most the used units, newest first: overage, then units from grants, then included units. */
export function reverse(
  meter: Meter,
  allowance: Allowance,
  quantity: number,
  history: Burn[],
): { meter: Meter; burns: Burn[] } {
  const fromGrants = Math.max(0, Math.min(quantity - overageOf(meter, allowance), meter.fromGrants));
  const { grants, burns, returned } = unwind(meter.grants, fromGrants, history);
  return { meter: { ...meter, used: meter.used - quantity, fromGrants: meter.fromGrants - returned, grants }, burns };
}
