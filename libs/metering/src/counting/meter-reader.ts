import { Injectable } from '@nestjs/common';
import { type Entitlement, windowAt, memoizedWindows } from '@app/entitlements';
import { totalOf, MAX_COUNT } from '@app/kernel';
import type { Connection } from '@app/platform';
import type { Burn, GrantState } from '../domain/burn-down.js';
import { allowanceOf } from '../domain/decide.js';
import type { CounterKey } from '../domain/ledger.js';
import { advance, type Allowance, FOR_EVER, type Meter, unusedMeter } from '../domain/meter.js';
import type { Reservation } from '../domain/reservation.js';
import { type CounterRow, CountersRepository } from './counters.repository.js';
import { LedgerRepository } from './ledger.repository.js';
import { ReservationsRepository } from './reservations.repository.js';

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
  stored: { used: number; reserved: number; fromGrants: number };
  /** Units used in this window but counted in windows of another kind; part of `meter.used`, not yet of the row. */
  opening: number;
  /** Reservations that have expired: no longer part of `meter.reserved`, but still of the row. */
  expired: Reservation[];
  /** Overage of the window that grants have covered since the row was stored. */
  covered: Burn[];
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
  covered: Burn[];
}

/** A request with the key of its counter. */
interface CounterRequest {
  request: MeterRequest;
  allowance: Allowance;
  key: CounterKey & { windowName: Allowance['windowName'] };
  row: CounterRow;
}

type KeyedRequest = Omit<CounterRequest, 'row'>;

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

/** Reads many meters together: one query where none has grants, rate limits or reservations. */
@Injectable()
export class MeterReader {
  private readonly allowances = new WeakMap<Entitlement, Allowance>();

  constructor(
    private readonly counters: CountersRepository,
    private readonly ledger: LedgerRepository,
    private readonly reservations: ReservationsRepository,
  ) {}

  /** Every request must be for a counted feature. @returns one reading for each request, in their order */
  async read(connection: Connection, requests: MeterRequest[], now: Date): Promise<MeterReading[]> {
    if (requests.length === 0) return [];
    const keyed = requests.map((request): KeyedRequest => {
      const { entitlement, customerId } = request;
      const allowance = this.allowanceOf(entitlement);
      return {
        request,
        allowance,
        key: {
          customerId,
          featureId: entitlement.feature.id,
          windowStart: windowStartOf(request)!,
          windowName: allowance.windowName,
        },
      };
    });
    // These queries are sent together: none depends on the result of another.
    const [rows, grants, recent, burnt] = await Promise.all([
      this.counters.readNewest(
        connection,
        keyed.map(({ key }) => key),
      ),
      this.grants(connection, keyed),
      this.recent(connection, keyed, now),
      this.burnt(connection, keyed),
    ]);
    const read: CounterRequest[] = keyed.map((request) => ({ ...request, row: EMPTY_ROW }));
    for (const row of rows) read[row.n - 1]!.row = row;
    const [openings, expired] = await Promise.all([
      this.openings(connection, read),
      this.expired(connection, read, now),
    ]);
    return read.map((request, index) =>
      readingOf(
        request,
        {
          grants: grants.get(index) ?? [],
          recent: recent.get(index) ?? 0,
          burnt: burnt.get(index) ?? [],
          // A counter holds MAX_COUNT units: usage of several windows may be more.
          opening: Math.min(openings.get(index) ?? 0, MAX_COUNT - usedIn(request)),
          expired: expired.get(index) ?? [],
        },
        now,
      ),
    );
  }

  private allowanceOf(entitlement: Entitlement): Allowance {
    const known = this.allowances.get(entitlement);
    if (known) return known;
    const allowance = allowanceOf(entitlement, memoizedWindows(entitlement.schedule!))!;
    this.allowances.set(entitlement, allowance);
    return allowance;
  }

  private async grants(connection: Connection, requests: KeyedRequest[]): Promise<Map<number, GrantState[]>> {
    const granted = requests.flatMap(({ request }, index) =>
      isCurrent(request) ? request.entitlement.grants.map((grant) => ({ index, grant })) : [],
    );
    if (granted.length === 0) return new Map();
    const balances = new Map(
      (
        await this.counters.balances(
          connection,
          granted.map(({ grant }) => grant),
        )
      ).map((row) => [row.grantId, row]),
    );
    return collect(
      granted.map(({ index, grant }) => {
        const known = balances.get(grant.id);
        return [index, { grant, balance: known?.balance ?? 0, accruedUntil: known?.accruedUntil ?? null }];
      }),
    );
  }

  private async recent(connection: Connection, requests: KeyedRequest[], now: Date): Promise<Map<number, number>> {
    const limited = pick(requests, ({ allowance }) => allowance.rateLimit !== null);
    if (limited.length === 0) return new Map();
    const spans = limited.map(({ item: { key, allowance } }) => ({
      ...key,
      since: new Date(now.getTime() - allowance.rateLimit!.windowSeconds * 1_000),
    }));
    const quantities = await this.counters.recent(connection, spans);
    return new Map(limited.map(({ index }, position) => [index, quantities[position]!]));
  }

  private async burnt(connection: Connection, requests: KeyedRequest[]): Promise<Map<number, Burn[]>> {
    // Also without grants: units may have been burnt from a grant that is voided, or ended long ago.
    const withBurns = pick(requests, ({ request }) => request.withBurns === true);
    if (withBurns.length === 0) return new Map();
    const rows = await this.ledger.burns(
      connection,
      withBurns.map(({ item }) => item.key),
    );
    const byCounter = collect(rows.map((row) => [counterName(row), row.burns]));
    return new Map(withBurns.map(({ item, index }) => [index, (byCounter.get(counterName(item.key)) ?? []).flat()]));
  }

  private async openings(connection: Connection, requests: CounterRequest[]): Promise<Map<number, number>> {
    // Reported values of an earlier window are no usage of this one.
    const foreign = pick(
      requests,
      ({ row, request }) => row.foreign && request.entitlement.feature.aggregation === 'sum',
    );
    if (foreign.length === 0) return new Map();
    const spans = foreign.map(({ item: { key, allowance } }) => ({
      ...key,
      windowEnd: allowance.windowAt(key.windowStart)?.end ?? ('infinity' as const),
    }));
    const quantities = await this.counters.openings(connection, spans);
    return new Map(foreign.map(({ index }, position) => [index, quantities[position]!]));
  }

  private async expired(
    connection: Connection,
    requests: CounterRequest[],
    now: Date,
  ): Promise<Map<number, Reservation[]>> {
    const holding = pick(requests, ({ row, key }) => row.reserved > 0 && row.windowStart === key.windowStart.getTime());
    if (holding.length === 0) return new Map();
    const reservations = await this.reservations.expired(
      connection,
      holding.map(({ item }) => item.key),
      now,
    );
    const byCounter = collect(reservations.map((reservation) => [counterName(reservation), reservation]));
    return new Map(holding.map(({ item, index }) => [index, byCounter.get(counterName(item.key)) ?? []]));
  }
}

function pick<T>(items: T[], matches: (item: T) => boolean): { item: T; index: number }[] {
  return items.flatMap((item, index) => (matches(item) ? [{ item, index }] : []));
}

function collect<K, V>(entries: [K, V][]): Map<K, V[]> {
  const groups = new Map<K, V[]>();
  for (const [key, value] of entries) {
    const group = groups.get(key);
    if (group) group.push(value);
    else groups.set(key, [value]);
  }
  return groups;
}

const EMPTY_ROW: CounterRow = {
  n: 0,
  version: null,
  windowStart: null,
  windowName: 'none',
  used: 0,
  reserved: 0,
  fromGrants: 0,
  carried: 0,
  notified: 0,
  included: null,
  foreign: false,
};
const isCurrent = ({ at, windowStart }: MeterRequest): boolean => at === undefined && windowStart === undefined;

type Extras = Pick<MeterReading, 'opening' | 'expired' | 'burnt'> & { grants: GrantState[]; recent: number };

function readingOf(
  { request, allowance, key, row }: CounterRequest,
  { grants, recent, ...extras }: Extras,
  now: Date,
): MeterReading {
  const hasRow = row.windowStart === key.windowStart.getTime();
  const stored = hasRow
    ? { used: row.used, reserved: row.reserved, fromGrants: row.fromGrants }
    : { used: 0, reserved: 0, fromGrants: 0 };
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
    stored,
    ...extras,
    covered,
    closing: coveredAtClose?.length ? closingOf(row, coveredAtClose) : null,
    burnt: covered.length > 0 ? [...extras.burnt, ...covered] : extras.burnt,
    meter: { ...meter, used: meter.used + extras.opening, reserved: meter.reserved - expiredUnits },
  };
}

const closingOf = ({ windowStart, windowName, carried, notified }: CounterRow, covered: Burn[]): ClosingWindow => ({
  windowStart: new Date(windowStart!),
  windowName,
  carried,
  notified,
  covered,
});

/** Units in the window's own row. */
const usedIn = ({ row, key }: CounterRequest): number => (row.windowStart === key.windowStart.getTime() ? row.used : 0);

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
