import { Injectable } from '@nestjs/common';
import type { Entitlement } from '@app/entitlements';
import { MAX_COUNT } from '@app/kernel';
import type { Connection } from '@app/platform';
import type { Burn, GrantState } from '../domain/burn-down.js';
import type { Reservation } from '../domain/reservation.js';
import { CountersRepository } from './counters.repository.js';
import { LedgerRepository } from './ledger.repository.js';
import {
  counterName,
  type CounterRequest,
  isCurrent,
  isPlainRow,
  type KeyedRequest,
  keyedRequest,
  type MeterReading,
  type MeterRequest,
  type MeterTerms,
  meterTermsOf,
  plainReadingOf,
  readingOf,
  usedIn,
} from './meter-reading.js';
import { ReservationsRepository } from './reservations.repository.js';

/** Inputs of readings that are not plain, beside their rows. */
interface ReadBeside {
  grants: Map<KeyedRequest, GrantState[]>;
  recent: Map<KeyedRequest, number>;
  burnt: Map<KeyedRequest, Burn[]>;
}

const NOTHING: ReadBeside = { grants: new Map(), recent: new Map(), burnt: new Map() };

/** Reads many meters together: one query where none has grants, rate limits or reservations. */
@Injectable()
export class MeterReader {
  private readonly terms = new WeakMap<Entitlement, MeterTerms>();

  constructor(
    private readonly counters: CountersRepository,
    private readonly ledger: LedgerRepository,
    private readonly reservations: ReservationsRepository,
  ) {}

  /** Every request must be for a counted feature. @returns one reading for each request, in their order */
  async read(connection: Connection, requests: MeterRequest[], now: Date): Promise<MeterReading[]> {
    if (requests.length === 0) return [];
    const keyed = requests.map((request) => keyedRequest(request, this.termsOf(request.entitlement), now));
    const special = keyed.filter(({ isPlain }) => !isPlain);
    // These queries are sent together: none depends on the result of another.
    const [rows, beside] = await Promise.all([
      this.counters.readNewest(connection, keyed),
      special.length > 0 ? this.readBeside(connection, special, now) : NOTHING,
    ]);
    const readings = new Array<MeterReading>(keyed.length);
    const others: { index: number; counter: CounterRequest }[] = [];
    for (let index = 0; index < keyed.length; index++) {
      const request = keyed[index]!;
      const row = rows[index]!;
      if (request.isPlain && isPlainRow(row)) readings[index] = plainReadingOf(request, row);
      else others.push({ index, counter: { request, row } });
    }
    if (others.length === 0) return readings;
    const counters = others.map(({ counter }) => counter);
    const completed = await this.complete(connection, counters, { beside, now });
    others.forEach(({ index }, position) => (readings[index] = completed[position]!));
    return readings;
  }

  private termsOf(entitlement: Entitlement): MeterTerms {
    const known = this.terms.get(entitlement);
    if (known) return known;
    const terms = meterTermsOf(entitlement);
    this.terms.set(entitlement, terms);
    return terms;
  }

  private async readBeside(connection: Connection, requests: KeyedRequest[], now: Date): Promise<ReadBeside> {
    const [grants, recent, burnt] = await Promise.all([
      this.grants(connection, requests),
      this.recent(connection, requests, now),
      this.burnt(connection, requests),
    ]);
    return { grants, recent, burnt };
  }

  /** The readings that need more than their rows. */
  private async complete(
    connection: Connection,
    counters: CounterRequest[],
    { beside, now }: { beside: ReadBeside; now: Date },
  ): Promise<MeterReading[]> {
    const [openings, expired] = await Promise.all([
      this.openings(connection, counters),
      this.expired(connection, counters, now),
    ]);
    return counters.map((counter) => {
      const { request } = counter;
      return readingOf(
        counter,
        {
          grants: beside.grants.get(request) ?? [],
          recent: beside.recent.get(request) ?? 0,
          burnt: beside.burnt.get(request) ?? [],
          // A counter holds MAX_COUNT units: usage of several windows may be more.
          opening: Math.min(openings.get(request) ?? 0, MAX_COUNT - usedIn(counter)),
          expired: expired.get(request) ?? [],
        },
        now,
      );
    });
  }

  private async grants(connection: Connection, requests: KeyedRequest[]): Promise<Map<KeyedRequest, GrantState[]>> {
    const granted = requests.flatMap((request) =>
      isCurrent(request.request) ? request.request.entitlement.grants.map((grant) => ({ request, grant })) : [],
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
      granted.map(({ request, grant }) => {
        const known = balances.get(grant.id);
        return [request, { grant, balance: known?.balance ?? 0, accruedUntil: known?.accruedUntil ?? null }];
      }),
    );
  }

  private async recent(
    connection: Connection,
    requests: KeyedRequest[],
    now: Date,
  ): Promise<Map<KeyedRequest, number>> {
    const limited = requests.filter(({ allowance }) => allowance.rateLimit !== null);
    if (limited.length === 0) return new Map();
    const spans = limited.map(({ customerId, featureId, allowance }) => ({
      customerId,
      featureId,
      since: new Date(now.getTime() - allowance.rateLimit!.windowSeconds * 1_000),
    }));
    return byRequest(limited, await this.counters.recent(connection, spans));
  }

  private async burnt(connection: Connection, requests: KeyedRequest[]): Promise<Map<KeyedRequest, Burn[]>> {
    // Also without grants: units may have been burnt from a grant that is voided, or ended long ago.
    const withBurns = requests.filter(({ request }) => request.withBurns === true);
    if (withBurns.length === 0) return new Map();
    const rows = await this.ledger.burns(connection, withBurns);
    const byCounter = collect(rows.map((row) => [counterName(row), row.burns]));
    return new Map(withBurns.map((request) => [request, (byCounter.get(counterName(request)) ?? []).flat()]));
  }

  private async openings(connection: Connection, counters: CounterRequest[]): Promise<Map<KeyedRequest, number>> {
    // Reported values of an earlier window are no usage of this one.
    const foreign = counters
      .filter(({ row, request }) => row.foreign && request.request.entitlement.feature.aggregation === 'sum')
      .map(({ request }) => request);
    if (foreign.length === 0) return new Map();
    const spans = foreign.map(({ customerId, featureId, windowStart, allowance }) => ({
      customerId,
      featureId,
      windowStart,
      windowEnd: allowance.windowAt(windowStart)?.end ?? ('infinity' as const),
    }));
    return byRequest(foreign, await this.counters.openings(connection, spans));
  }

  private async expired(
    connection: Connection,
    counters: CounterRequest[],
    now: Date,
  ): Promise<Map<KeyedRequest, Reservation[]>> {
    const holding = counters
      .filter(({ row, request }) => row.reserved > 0 && row.windowStart === request.windowStart.getTime())
      .map(({ request }) => request);
    if (holding.length === 0) return new Map();
    const reservations = await this.reservations.expired(connection, holding, now);
    const byCounter = collect(reservations.map((reservation) => [counterName(reservation), reservation]));
    return new Map(holding.map((request) => [request, byCounter.get(counterName(request)) ?? []]));
  }
}

const byRequest = (requests: KeyedRequest[], values: number[]): Map<KeyedRequest, number> =>
  new Map(requests.map((request, index) => [request, values[index]!]));

function collect<K, V>(entries: [K, V][]): Map<K, V[]> {
  const groups = new Map<K, V[]>();
  for (const [key, value] of entries) {
    const group = groups.get(key);
    if (group) group.push(value);
    else groups.set(key, [value]);
  }
  return groups;
}
