import { Injectable } from '@nestjs/common';
import { type Entitlement, windowAt, memoizedWindows } from '@app/entitlements';
import { totalOf } from '@app/kernel';
import type { Connection } from '@app/platform';
import type { Burn, GrantState } from './domain/burn-down.js';
import { allowanceOf } from './domain/decide.js';
import { advance, type Allowance, FOR_EVER, type Meter, unusedMeter } from './domain/meter.js';
import { type CounterKey, type CounterRow, type Reservation, UsageRepository } from './usage.repository.js';

/** A meter that is asked about: the one of the window that runs now, or, with `at`, of the window that ran then. */
export interface MeterRequest {
  customerId: string;
  entitlement: Entitlement;
  /** The window of this instant, as it stands: nothing is carried into it and no grant pays for it. */
  at?: Date;
  /** Instead: the window that begins here. */
  windowStart?: Date;
  /** What was burnt from grants in the window is needed, to put it back. */
  withBurns?: boolean;
}

/** A meter as the database has it, brought up to `now`. */
export interface MeterReading extends CounterKey {
  entitlement: Entitlement;
  allowance: Allowance;
  /** The customer's entitlement version, read together with the counter. null: there is no such customer. */
  version: number | null;
  meter: Meter;
  /** True when the window has a row of its own. */
  exists: boolean;
  /** What the window's own row has; zeros when there is none. */
  stored: { used: number; reserved: number; fromGrants: number };
  /** Units used in this window but counted in windows of another kind; part of `meter.used`, not yet of the row. */
  opening: number;
  /** Reservations that are over; no longer part of `meter.reserved`, but still of the row. */
  expired: Reservation[];
  /** What grants have covered of the window's overage, not yet written down. */
  covered: Burn[];
  /** What was burnt in the window, covered and put back, oldest first. */
  burnt: Burn[];
}

interface Wanted {
  request: MeterRequest;
  allowance: Allowance;
  key: CounterKey & { windowName: Allowance['windowName'] };
  row: CounterRow;
}

/** The key of a counter as text, for maps. */
export const counterName = ({ customerId, featureId, windowStart }: CounterKey): string =>
  `${customerId}${featureId}${windowStart.getTime()}`;

/** Where the window of a request begins; null when nothing is counted there. */
export function windowStartOf({ entitlement, at, windowStart }: MeterRequest): Date | null {
  if (!entitlement.schedule || entitlement.denied) return null;
  if (windowStart) return windowStart;
  const { schedule, window } = entitlement;
  const runsThen = at === undefined || (window !== null && at >= window.start && at < window.end);
  return (runsThen ? window : windowAt(schedule, at))?.start ?? FOR_EVER;
}

/** Reads meters, many at once: one question to the database for all that have neither grants, rate limits nor reservations. */
@Injectable()
export class MeterReader {
  private readonly allowances = new WeakMap<Entitlement, Allowance>();

  constructor(private readonly usage: UsageRepository) {}

  /** Requests of which nothing is counted are refused. The readings come in the requests' order. */
  async read(connection: Connection, requests: MeterRequest[], now: Date): Promise<MeterReading[]> {
    if (requests.length === 0) return [];
    const wanted = requests.map((request): Omit<Wanted, 'row'> => {
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
    // None of these waits for the other: they travel together.
    const [rows, grants, recent, burnt] = await Promise.all([
      this.usage.counters(
        connection,
        wanted.map(({ key }) => key),
      ),
      this.grants(connection, wanted),
      this.recent(connection, wanted, now),
      this.burnt(connection, wanted),
    ]);
    const found: Wanted[] = wanted.map((one) => ({ ...one, row: EMPTY_ROW }));
    for (const row of rows) found[row.n - 1]!.row = row;
    const [openings, expired] = await Promise.all([
      this.openings(connection, found),
      this.expired(connection, found, now),
    ]);
    return found.map((one, index) =>
      readingOf(
        one,
        {
          grants: grants.get(index) ?? [],
          recent: recent.get(index) ?? 0,
          burnt: burnt.get(index) ?? [],
          opening: openings.get(index) ?? 0,
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

  private async grants(connection: Connection, wanted: Omit<Wanted, 'row'>[]): Promise<Map<number, GrantState[]>> {
    const asked = wanted.flatMap(({ request }, index) =>
      isCurrent(request) ? request.entitlement.grants.map((grant) => ({ index, grant })) : [],
    );
    if (asked.length === 0) return new Map();
    const balances = new Map(
      (
        await this.usage.balances(
          connection,
          asked.map(({ grant }) => grant),
        )
      ).map((row) => [row.grantId, row]),
    );
    return collect(
      asked.map(({ index, grant }) => {
        const known = balances.get(grant.id);
        return [index, { grant, balance: known?.balance ?? 0, settledAt: known?.settledAt ?? null }];
      }),
    );
  }

  private async recent(connection: Connection, wanted: Omit<Wanted, 'row'>[], now: Date): Promise<Map<number, number>> {
    const limited = pick(wanted, ({ allowance }) => allowance.rateLimit !== null);
    if (limited.length === 0) return new Map();
    const spans = limited.map(({ item: { key, allowance } }) => ({
      ...key,
      since: new Date(now.getTime() - allowance.rateLimit!.windowSeconds * 1_000),
    }));
    const quantities = await this.usage.recent(connection, spans);
    return new Map(limited.map(({ index }, position) => [index, quantities[position]!]));
  }

  private async burnt(connection: Connection, wanted: Omit<Wanted, 'row'>[]): Promise<Map<number, Burn[]>> {
    const asked = pick(wanted, ({ request }) => request.withBurns === true && request.entitlement.grants.length > 0);
    if (asked.length === 0) return new Map();
    const rows = await this.usage.burns(
      connection,
      asked.map(({ item }) => item.key),
    );
    const byCounter = collect(rows.map((row) => [counterName(row), row.burns]));
    return new Map(asked.map(({ item, index }) => [index, (byCounter.get(counterName(item.key)) ?? []).flat()]));
  }

  private async openings(connection: Connection, found: Wanted[]): Promise<Map<number, number>> {
    const foreign = pick(found, ({ row }) => row.foreign);
    if (foreign.length === 0) return new Map();
    const spans = foreign.map(({ item: { key, allowance } }) => ({
      ...key,
      windowEnd: allowance.windowAt(key.windowStart)?.end ?? ('infinity' as const),
    }));
    const quantities = await this.usage.openings(connection, spans);
    return new Map(foreign.map(({ index }, position) => [index, quantities[position]!]));
  }

  private async expired(connection: Connection, found: Wanted[], now: Date): Promise<Map<number, Reservation[]>> {
    const holding = pick(found, ({ row, key }) => row.reserved > 0 && row.windowStart === key.windowStart.getTime());
    if (holding.length === 0) return new Map();
    const reservations = await this.usage.expired(
      connection,
      holding.map(({ item }) => item.key),
      now,
    );
    const byCounter = collect(reservations.map((reservation) => [counterName(reservation), reservation]));
    return new Map(holding.map(({ item, index }) => [index, byCounter.get(counterName(item.key)) ?? []]));
  }
}

function pick<T>(items: T[], wanted: (item: T) => boolean): { item: T; index: number }[] {
  return items.flatMap((item, index) => (wanted(item) ? [{ item, index }] : []));
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
  foreign: false,
};
const isCurrent = ({ at, windowStart }: MeterRequest): boolean => at === undefined && windowStart === undefined;

type Extras = Pick<MeterReading, 'opening' | 'expired' | 'burnt'> & { grants: GrantState[]; recent: number };

function readingOf(
  { request, allowance, key, row }: Wanted,
  { grants, recent, ...extras }: Extras,
  now: Date,
): MeterReading {
  const own = row.windowStart === key.windowStart.getTime();
  const kept = own
    ? { used: row.used, reserved: row.reserved, fromGrants: row.fromGrants }
    : { used: 0, reserved: 0, fromGrants: 0 };
  const held = totalOf(extras.expired, 'quantity');
  const { meter, covered } = isCurrent(request)
    ? advance({ ...newestMeter(row, own, allowance, request, now), recent, grants }, allowance, now)
    : {
        meter: {
          ...unusedMeter(allowance, [], now),
          windowStart: key.windowStart,
          ...(own ? counted(row) : {}),
          recent,
        },
        covered: [],
      };
  const { customerId, featureId, windowStart } = key;
  return {
    customerId,
    featureId,
    windowStart,
    entitlement: request.entitlement,
    allowance,
    version: row.version,
    exists: own,
    stored: kept,
    ...extras,
    covered,
    burnt: covered.length > 0 ? [...extras.burnt, ...covered] : extras.burnt,
    meter: { ...meter, used: meter.used + extras.opening, reserved: meter.reserved - held },
  };
}

const counted = ({ used, reserved, fromGrants, carried, notified }: CounterRow) => ({
  used,
  reserved,
  fromGrants,
  carried,
  notified,
});

/** The meter of the newest window that was counted in, as long as it is of the same kind: what was left over there may count here. */
function newestMeter(
  row: CounterRow,
  own: boolean,
  allowance: Allowance,
  { entitlement }: MeterRequest,
  now: Date,
): Meter {
  const unused = unusedMeter(allowance, entitlement.grants, now);
  if (row.windowStart === null || (!own && row.foreign)) return unused;
  return { ...unused, windowStart: new Date(row.windowStart), ...counted(row) };
}
