import { type Entitlement, memoizedWindows, opensWithUse, windowAt } from '@app/entitlements';
import { totalOf } from '@app/kernel';
import type { Burn, Coverage, GrantState } from '../domain/burn-down.js';
import { allowanceOf } from '../domain/decide.js';
import type { CounterKey } from '../domain/ledger.js';
import { advance, type Allowance, FOR_EVER, type Meter, unusedMeter } from '../domain/meter.js';
import type { Reservation } from '../domain/reservation.js';

/** A meter to read: of the current window, or, with `at`, of the window that contains that instant. */
export interface MeterRequest {
  customerId: string;
  entitlement: Entitlement;
  /** Read this window as stored: nothing is carried over into it, and no grant covers its overage. */
  at?: Date;
  /** In place of `at`: the window that begins here. */
  windowStart?: Date;
  /** Also read what was burnt from grants in the window, to return units to them. */
  withBurns?: boolean;
}

/** A stored meter, advanced to `now`. */
export interface MeterReading extends CounterKey {
  entitlement: Entitlement;
  allowance: Allowance;
  /** The customer's entitlement version, read together with the counter. Null: there is no such customer. */
  version: number | null;
  meter: Meter;
  /** True when the window has its own row. */
  exists: boolean;
  /** The values of the window's own row; zeros when there is none. */
  stored: StoredCounter;
  /** Units used in this window but counted in windows of another kind; part of `meter.used`, not yet of the row. */
  opening: number;
  /** Reservations that have expired: no longer part of `meter.reserved`, but still of the row. */
  expired: Reservation[];
  /** Overage of the window that grants have covered since the row was stored. */
  covered: Coverage[];
  /** The counted window before this one, if grants have covered overage of it that its row does not have. */
  closing: ClosingWindow | null;
  /** Units burnt from grants in the window and returned to them, oldest first. */
  burnt: Burn[];
}

/** A closed window with overage that grants covered before its end, and that is not stored yet. */
export interface ClosingWindow {
  windowStart: Date;
  windowName: Allowance['windowName'];
  carried: number;
  notified: number;
  covered: Coverage[];
}

/** The common part of all readings of an entitlement, computed once. */
export interface MeterTerms {
  allowance: Allowance;
  /** The current window in ms, end exclusive; a counter without a window never ends. */
  startMs: number;
  endMs: number;
  /** True where a reading needs only its row: no grants, rate limit, rollover or window opened by a first use. */
  isPlain: boolean;
}

/** A request with the key of its counter. */
export interface KeyedRequest extends CounterKey {
  request: MeterRequest;
  allowance: Allowance;
  windowName: Allowance['windowName'];
  isPlain: boolean;
}

/** The newest counter that is not after the requested window, with the customer's entitlement version. */
export interface CounterRow {
  version: number | null;
  /** Milliseconds since 1970; null: there is no counter. */
  windowStart: number | null;
  windowName: string;
  used: number;
  reserved: number;
  fromGrants: number;
  carried: number;
  notified: number;
  /** Included units when usage was last counted in an earlier window; null: unlimited, not stored, or this window. */
  included: number | null;
  /** True when usage in this window may have been counted in windows of another kind. */
  foreign: boolean;
}

/** The values of a counter's own row that counting compares and adds to. */
export type StoredCounter = Pick<
  CounterRow,
  'windowName' | 'used' | 'reserved' | 'fromGrants' | 'carried' | 'notified'
>;

const NO_ROW: StoredCounter = { windowName: 'none', used: 0, reserved: 0, fromGrants: 0, carried: 0, notified: 0 };

/** A request with its row. */
export interface CounterRequest {
  request: KeyedRequest;
  row: CounterRow;
}

/** The key of a counter as text, for maps. */
export const counterName = ({ customerId, featureId, windowStart }: CounterKey): string =>
  `${customerId}${featureId}${windowStart.getTime()}`;

/** The start of a request's window; null where nothing is counted. */
export function windowStartOf({ entitlement, at, windowStart }: MeterRequest): Date | null {
  if (!entitlement.schedule || entitlement.denied) return null;
  if (windowStart) return windowStart;
  const { schedule, window } = entitlement;
  // An instant after the present, by a clock that is ahead, opens no window in the future.
  const end = schedule.rule === 'first_use' ? Infinity : (window?.end ?? 0);
  const isCurrentWindow = at === undefined || (window !== null && at >= window.start && at < end);
  return (isCurrentWindow ? window : windowAt(schedule, at))?.start ?? FOR_EVER;
}

/** @throws TypeError where nothing is counted */
export function meterTermsOf(entitlement: Entitlement): MeterTerms {
  const allowance = allowanceOf(entitlement, memoizedWindows(entitlement.schedule!))!;
  const { rateLimit, rolloverMax } = allowance;
  const { window, grants } = entitlement;
  return {
    allowance,
    startMs: window?.start.getTime() ?? 0,
    endMs: window?.end.getTime() ?? Infinity,
    isPlain: grants.length === 0 && rateLimit === null && rolloverMax === 0 && !opensWithUse(entitlement),
  };
}

/** The reading is plain only if `now` is in the current window: otherwise the meter enters another one. */
export function keyedRequest(request: MeterRequest, terms: MeterTerms, now: Date): KeyedRequest {
  const { entitlement, customerId } = request;
  const { allowance, startMs, endMs } = terms;
  const ms = now.getTime();
  const isInWindow = ms >= startMs && ms < endMs;
  return {
    request,
    allowance,
    customerId,
    featureId: entitlement.feature.id,
    windowStart: windowStartOf(request)!,
    windowName: allowance.windowName,
    isPlain: terms.isPlain && isInWindow && isCurrent(request) && request.withBurns !== true,
  };
}

const NONE: never[] = [];

/** True where the row of a plain request is its meter. Reserved units may have expired, which another query says. */
export const isPlainRow = ({ foreign, reserved }: CounterRow): boolean => !foreign && reserved === 0;

/**
 * `readingOf` for a plain request and row, which nearly all are: nothing is advanced, and no object is copied.
 * Measured: 0.04 us in place of 1.3 us.
 */
export function plainReadingOf(keyed: KeyedRequest, row: CounterRow): MeterReading {
  const { request, allowance, customerId, featureId, windowStart, windowName } = keyed;
  const exists = row.windowStart === windowStart.getTime();
  const used = exists ? row.used : 0;
  const fromGrants = exists ? row.fromGrants : 0;
  return {
    customerId,
    featureId,
    windowStart,
    entitlement: request.entitlement,
    allowance,
    version: row.version,
    exists,
    stored: exists ? row : NO_ROW,
    opening: 0,
    expired: NONE,
    burnt: NONE,
    covered: NONE,
    closing: null,
    meter: {
      windowStart,
      windowName,
      used,
      reserved: 0,
      fromGrants,
      carried: exists ? row.carried : 0,
      notified: exists ? row.notified : 0,
      recent: 0,
      grants: NONE,
    },
  };
}

export const isCurrent = ({ at, windowStart }: MeterRequest): boolean => at === undefined && windowStart === undefined;

/** Inputs of a reading beside its row. */
export type Extras = Pick<MeterReading, 'opening' | 'expired' | 'burnt'> & { grants: GrantState[]; recent: number };

/** The reading of any request. */
export function readingOf(
  { request: { request, allowance, ...key }, row }: CounterRequest,
  { grants, recent, ...extras }: Extras,
  now: Date,
): MeterReading {
  const hasRow = row.windowStart === key.windowStart.getTime();
  const expiredUnits = totalOf(extras.expired, 'quantity');
  const { meter, covered, coveredAtClose } = isCurrent(request)
    ? advance(
        { ...newestMeter(row, hasRow, allowance, request, now), recent, grants },
        allowance,
        now,
        row.included ?? allowance.limit,
      )
    : {
        meter: {
          ...unusedMeter(allowance, [], now),
          windowStart: key.windowStart,
          ...(hasRow ? countsOf(row) : {}),
          recent,
        },
        covered: [],
        coveredAtClose: undefined,
      };
  const { customerId, featureId, windowStart } = key;
  return {
    customerId,
    featureId,
    windowStart,
    entitlement: request.entitlement,
    allowance,
    version: row.version,
    exists: hasRow,
    stored: hasRow ? row : NO_ROW,
    ...extras,
    covered,
    closing: coveredAtClose?.length ? closingOf(row, coveredAtClose) : null,
    burnt: covered.length > 0 ? [...extras.burnt, ...covered] : extras.burnt,
    meter: { ...meter, used: meter.used + extras.opening, reserved: meter.reserved - expiredUnits },
  };
}

const closingOf = ({ windowStart, windowName, carried, notified }: CounterRow, covered: Coverage[]): ClosingWindow => ({
  windowStart: new Date(windowStart!),
  windowName,
  carried,
  notified,
  covered,
});

/** Units in the window's own row. */
export const usedIn = ({ request, row }: CounterRequest): number =>
  row.windowStart === request.windowStart.getTime() ? row.used : 0;

const countsOf = ({ used, reserved, fromGrants, carried, notified }: CounterRow) => ({
  used,
  reserved,
  fromGrants,
  carried,
  notified,
});

/** The meter of the newest counted window, if it is of the same kind: its unused units may roll over. */
function newestMeter(
  row: CounterRow,
  hasRow: boolean,
  allowance: Allowance,
  { entitlement }: MeterRequest,
  now: Date,
): Meter {
  const unused = unusedMeter(allowance, entitlement.grants, now);
  if (row.windowStart === null || (!hasRow && row.foreign)) return unused;
  return { ...unused, windowStart: new Date(row.windowStart), ...countsOf(row) };
}
