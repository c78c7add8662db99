import { Injectable } from '@nestjs/common';
import { Events, type KeyedEvent, type NewEvent } from '@app/events';
import { Clock, grouped, newId, SYSTEM_ACTOR, totalOf } from '@app/kernel';
import type { Connection } from '@app/platform';
import { hardLimit } from '../domain/decide.js';
import { coveredAt, type Coverage } from '../domain/burn-down.js';
import type { CounterKey, LedgerEntry } from '../domain/ledger.js';
import type { Reservation } from '../domain/reservation.js';
import { claimName, type EarlierResults, type PendingWrites, referenceName } from './command-decision.js';
import { addsOnlyUsed } from './counter-change.js';
import { type CounterChange, CountersRepository, type GrantBalance } from './counters.repository.js';
import { EntityCountersRepository, type EntityRequest } from './entity-counters.repository.js';
import { LedgerRepository } from './ledger.repository.js';
import type { ClosingWindow, MeterReading } from './meter-reading.js';
import { ReservationsRepository } from './reservations.repository.js';
import type { ReadEntity } from './transaction-entities.js';
import type { PreparedCommand, TransactionMeter } from './transaction-meters.js';

/** Reads what commands look up besides meters, and writes what they decided. */
@Injectable()
export class UsageStore {
  constructor(
    private readonly counters: CountersRepository,
    private readonly entities: EntityCountersRepository,
    private readonly ledger: LedgerRepository,
    private readonly reservations: ReservationsRepository,
    private readonly events: Events,
    private readonly clock: Clock,
  ) {}

  /** The counts of entities that the commands name. */
  async readEntities(connection: Connection, requests: EntityRequest[]): Promise<ReadEntity[]> {
    if (requests.length === 0) return [];
    const rows = await this.entities.read(connection, requests);
    return rows.map((row) => ({ ...row, request: requests[row.n - 1]! }));
  }

  /** Stored answers, reservations and counted event ids that the commands name. */
  async readEarlier(connection: Connection, commands: PreparedCommand[]): Promise<EarlierResults> {
    const claims = commands.flatMap(({ command }) => command.idempotency ?? []);
    const ids = commands.flatMap(({ command: { customer, reservationIds = [] } }) =>
      reservationIds.map((id) => ({ customerId: customer.id, id })),
    );
    const references = commands.flatMap(({ command: { customer, eventIds = [] } }) =>
      eventIds.map((reference) => ({ customerId: customer.id, reference })),
    );
    const [replays, reservations, counted] = await Promise.all([
      claims.length > 0 ? this.ledger.replays(connection, claims) : [],
      ids.length > 0 ? this.reservations.findByIds(connection, ids) : [],
      references.length > 0 ? this.ledger.references(connection, references) : [],
    ]);
    return {
      replays: new Map(replays.map((replay) => [claimName(replay), replay])),
      reservations: new Map(reservations.map((reservation) => [reservation.id, reservation])),
      counted: new Set(counted.map((row) => referenceName(row.customerId, row.reference))),
    };
  }

  /** Sends all writes without waiting for them: they travel together with the commit. */
  write(
    connection: Connection,
    pending: PendingWrites,
    { commands, now }: { commands: PreparedCommand[]; now: Date },
  ): Promise<unknown>[] {
    const changed = pending.meters.changed();
    const entries: LedgerEntry[] = [];
    const expired: Reservation[] = [];
    const events: NewEvent[] = [];
    const balances: GrantBalance[] = [];
    const changes: CounterChange[] = [];
    for (const meter of changed) {
      const { reading } = meter;
      changes.push(changeOf(meter, now));
      if (reading.opening !== 0) entries.push(openingOf(reading));
      entries.push(...coverageOf(reading, reading.covered));
      for (const reservation of reading.expired) {
        expired.push({ ...reservation, status: 'expired', closedAt: now });
        events.push(expiryOf(reservation, reading));
      }
      if (reading.meter.grants.length > 0) balances.push(...balancesOf(reading));
      const { closing } = reading;
      if (!closing) continue;
      changes.push(closingChangeOf(reading, closing));
      entries.push(...coverageOf({ ...reading, windowStart: closing.windowStart }, closing.covered));
    }
    for (const entry of pending.entries) entries.push(entry);
    for (const event of pending.events) events.push(event);
    const reservations = [...expired, ...pending.reservations];
    const writes: Promise<unknown>[] = [];
    if (changes.length > 0) writes.push(...this.counters.saveCounters(connection, changes, now));
    writes.push(...this.writeEntities(connection, pending, { expired, now }));
    if (entries.length > 0) writes.push(...this.ledger.insertEntries(connection, entries, now));
    if (balances.length > 0) writes.push(this.counters.saveBalances(connection, balances));
    if (reservations.length > 0) writes.push(this.reservations.save(connection, reservations));
    // In real time, also on a test clock: a job deletes replays a day later in real time.
    if (pending.replays.length > 0)
      writes.push(this.ledger.insertReplays(connection, pending.replays, this.clock.now()));
    if (events.length > 0) writes.push(this.events.recordAll(connection, withKeys(events, commands, now)));
    return writes;
  }

  private writeEntities(
    connection: Connection,
    { entities, meters }: PendingWrites,
    { expired, now }: { expired: Reservation[]; now: Date },
  ): Promise<unknown>[] {
    const names = entities.newNames();
    const releases = entities.releases(expired);
    return [
      ...(names.length > 0 ? [this.entities.insertNames(connection, names)] : []),
      ...this.entities.save(connection, entities.changes(meters), now),
      ...(releases.length > 0 ? [this.entities.release(connection, releases, now)] : []),
    ];
  }
}

/** Events with the keys of their customer and product, both taken from the commands: no query is needed. */
function withKeys(events: NewEvent[], commands: PreparedCommand[], now: Date): KeyedEvent[] {
  const keys = new Map<string, string>();
  for (const { command, entitlements } of commands) {
    keys.set(command.customer.id, command.customer.key);
    for (const { feature } of entitlements) keys.set(feature.productId, command.product);
  }
  return events.map((event) => ({
    ...event,
    customerKey: keys.get(event.customerId ?? '') ?? null,
    productKey: keys.get(event.productId ?? '') ?? null,
    at: event.at ?? now,
  }));
}

function changeOf({ reading, unguarded }: TransactionMeter, now: Date): CounterChange {
  const { customerId, featureId, windowStart, meter, allowance, exists, stored } = reading;
  const change = {
    exists,
    customerId,
    featureId,
    windowStart,
    windowName: allowance.windowName,
    used: meter.used - stored.used,
    reserved: meter.reserved - stored.reserved,
    fromGrants: meter.fromGrants - stored.fromGrants,
    carried: meter.carried,
    notified: meter.notified,
    hardLimit: unguarded ? null : hardLimit(meter, allowance, now),
    included: allowance.limit,
    windowEnd: allowance.windowAt(windowStart)?.end ?? null,
    closed: (allowance.windowAt(now)?.start ?? windowStart) > windowStart,
    onlyUsed: false,
  };
  change.onlyUsed = addsOnlyUsed(change, stored);
  return change;
}

/** Adds the overage that grants covered before the former window closed to the row of that window. */
function closingChangeOf({ customerId, featureId }: CounterKey, { covered, ...window }: ClosingWindow): CounterChange {
  const change = {
    exists: true,
    customerId,
    featureId,
    used: 0,
    reserved: 0,
    fromGrants: totalOf(covered, 'quantity'),
  };
  return { ...change, ...window, hardLimit: null, included: null, windowEnd: null, closed: true, onlyUsed: false };
}

/** Fields of ledger entries that no request has caused. */
const OF_NO_REQUEST = { actor: SYSTEM_ACTOR, properties: null, reference: null, entityId: null, value: null };

/** Usage counted in windows of another kind becomes an entry of this one: the ledger still sums to the counter. */
function openingOf({ opening, customerId, featureId, windowStart }: MeterReading): LedgerEntry {
  const common = { kind: 'opening' as const, burns: null, ...OF_NO_REQUEST };
  return { ...common, id: newId(), customerId, featureId, windowStart, quantity: opening, occurredAt: windowStart };
}

/**
 * Units that grants have covered are burnt from them in entries of quantity 0: nothing more was used. Each is at the
 * instant at which its grant was filled, which may be long ago: it covers usage before it.
 */
function coverageOf({ customerId, featureId, windowStart }: CounterKey, covered: Coverage[]): LedgerEntry[] {
  const common = { kind: 'grant_coverage' as const, ...OF_NO_REQUEST, customerId, featureId, windowStart, quantity: 0 };
  return [...grouped(covered, ({ at }) => at.getTime()).values()].map((own) => ({
    ...common,
    id: newId(),
    occurredAt: coveredAt(own[0]!, windowStart),
    burns: own.map(({ grantId, quantity }) => ({ grantId, quantity })),
  }));
}

function balancesOf({ customerId, meter }: MeterReading): GrantBalance[] {
  return meter.grants.flatMap(({ grant, balance, accruedUntil }) =>
    accruedUntil ? [{ customerId, grantId: grant.id, balance, accruedUntil }] : [],
  );
}

function expiryOf(
  { id, customerId, quantity, expiresAt }: Reservation,
  { entitlement: { feature } }: MeterReading,
): NewEvent {
  return {
    type: 'reservation.expired',
    subject: { type: 'reservation', id },
    customerId,
    productId: feature.productId,
    actor: SYSTEM_ACTOR,
    after: { feature: feature.key, quantity },
    at: expiresAt,
  };
}
