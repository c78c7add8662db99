import type { Entitlement } from '@app/entitlements';
import type { NewEvent } from '@app/events';
import { type DomainError, MAX_COUNT, newId, notFound, SYSTEM_ACTOR } from '@app/kernel';
import { keyReused, type Outcome } from '@app/platform';
import { type EntityMeter, NO_ENTITY } from '../domain/entity-meter.js';
import type { CounterKey, LedgerEntry } from '../domain/ledger.js';
import { effectiveLimit, type Meter } from '../domain/meter.js';
import type { Reservation } from '../domain/reservation.js';
import type {
  CommandResult,
  DecisionContext,
  MeterStateWithBurns,
  NewEntry,
  UsageResult,
} from '../domain/usage-command.js';
import type { StoredReplay } from './ledger.repository.js';
import type { TransactionEntities, TransactionEntity } from './transaction-entities.js';
import type { PreparedCommand, TransactionMeter, TransactionMeters } from './transaction-meters.js';

/** Stored results that commands look up, and results of earlier commands of the same transaction. */
export interface EarlierResults {
  /** By caller and key. */
  replays: Map<string, StoredReplay>;
  /** By id. */
  reservations: Map<string, Reservation>;
  /** Names of the event references that are counted already. */
  counted: Set<string>;
}

/** Everything that the commands of one transaction will write. */
export interface PendingWrites {
  meters: TransactionMeters;
  entities: TransactionEntities;
  entries: LedgerEntry[];
  reservations: Reservation[];
  events: NewEvent[];
  replays: StoredReplay[];
}

interface Surroundings {
  now: Date;
  earlier: EarlierResults;
  pending: PendingWrites;
}

/** In percent of the limit; each is published once per window. */
const THRESHOLDS = [80, 100];
const OK = 200;
const NO_REFERENCES: Set<string> = new Set();

/** Lets one command decide on the results of the commands before it, and keeps its result for the commands after it. */
export function decideCommand(prepared: PreparedCommand, surroundings: Surroundings): Outcome<UsageResult<unknown>> {
  const { earlier, pending } = surroundings;
  const { command } = prepared;
  const { idempotency: claim } = command;
  const replay = claim && earlier.replays.get(claimName(claim));
  if (replay)
    return replay.fingerprint === claim.fingerprint
      ? { answer: { answer: JSON.parse(replay.answer), replayed: true } }
      : { error: keyReused() };
  const subjects = subjectsOf(prepared, pending);
  let result: CommandResult<unknown>;
  try {
    result = command.decide(contextOf(prepared, subjects, surroundings));
  } catch (error) {
    return { error };
  }
  keep(result, subjects, { ...surroundings, prepared });
  if (claim) {
    const stored = { ...claim, status: OK, answer: JSON.stringify(result.answer) };
    pending.replays.push(stored);
    earlier.replays.set(claimName(claim), stored);
  }
  return { answer: { answer: result.answer, replayed: false } };
}

/** The subject of one reference of a command: an entitlement, with its meter and the meter of its entity. */
interface Subject {
  entitlement: Entitlement;
  meter: TransactionMeter | undefined;
  entity: TransactionEntity | undefined;
}

function subjectsOf({ command, entitlements, snapshot }: PreparedCommand, pending: PendingWrites): Subject[] {
  return command.meterRefs.map((meterRef, index) => {
    const entitlement = entitlements[index]!;
    const meter = pending.meters.find(meterRef, entitlement, snapshot.customer.id);
    const entity = meterRef.entity && meter ? pending.entities.find(meterRef.entity, meter.reading) : undefined;
    return { entitlement, meter, entity };
  });
}

function contextOf(
  { command: { customer, eventIds }, snapshot }: PreparedCommand,
  subjects: Subject[],
  { now, earlier }: Surroundings,
): DecisionContext {
  return {
    now,
    customer: snapshot.customer,
    states: subjects.map(stateOf),
    reservations: earlier.reservations,
    counted: eventIds ? countedOf(customer.id, eventIds, earlier.counted) : NO_REFERENCES,
  };
}

/** Those of the event ids that are counted already. Nearly always there are none. */
function countedOf(customerId: string, eventIds: string[], counted: Set<string>): Set<string> {
  if (counted.size === 0) return NO_REFERENCES;
  const known = eventIds.filter((reference) => counted.has(referenceName(customerId, reference)));
  return known.length > 0 ? new Set(known) : NO_REFERENCES;
}

function keep(
  result: CommandResult<unknown>,
  subjects: Subject[],
  { now, earlier, pending, prepared: { command } }: Surroundings & { prepared: PreparedCommand },
): void {
  const { unguarded = false } = result;
  for (let index = 0; index < subjects.length; index++) {
    const { meter, entity } = subjects[index]!;
    const newMeter = result.meters[index];
    if (newMeter && meter) keepMeter(newMeter, meter, unguarded, { now, pending });
    const newEntity = result.entities?.[index];
    if (newEntity && entity) keepEntity(newEntity, entity, unguarded);
  }
  for (const entry of result.entries ?? []) {
    const { meter, entity } = subjects[entry.meterIndex]!;
    const { reading } = meter!;
    pending.entries.push(ledgerEntryOf(entry, reading, entity?.meter.id));
    if (entry.burns.length > 0) reading.burnt = [...reading.burnt, ...entry.burns];
    if (entry.reference !== undefined) earlier.counted.add(referenceName(command.customer.id, entry.reference));
  }
  for (const reservation of result.reservations ?? []) {
    earlier.reservations.set(reservation.id, reservation);
    pending.reservations.push(reservation);
  }
  // All features of a command are of one product.
  const { productId } = subjects[0]!.entitlement.feature;
  if (result.events) for (const event of result.events) pending.events.push({ ...event, productId });
}

function keepMeter(
  meter: Meter,
  kept: TransactionMeter,
  unguarded: boolean,
  { now, pending }: Pick<Surroundings, 'now' | 'pending'>,
): void {
  const before = kept.reading.meter;
  const grew = meter.used > before.used;
  // A count that does not grow may stay above the limit: the database must not refuse it.
  kept.unguarded ||= unguarded || (!grew && meter.reserved <= before.reserved);
  kept.reading.meter = meter;
  kept.changed = true;
  if (grew) for (const event of thresholdsOf(kept, now)) pending.events.push(event);
}

function keepEntity(meter: EntityMeter, kept: TransactionEntity, unguarded: boolean): void {
  const { used, reserved } = kept.meter;
  kept.unguarded ||= unguarded || (meter.used <= used && meter.reserved <= reserved);
  kept.meter = meter;
  kept.changed = true;
}

function ledgerEntryOf(
  { quantity, kind, occurredAt, burns, actor, properties, reference, value }: NewEntry,
  { customerId, featureId, windowStart }: CounterKey,
  entityId: string | undefined,
): LedgerEntry {
  return {
    id: newId(),
    customerId,
    featureId,
    windowStart,
    quantity,
    kind,
    occurredAt,
    actor: { kind: actor.kind, id: actor.id },
    properties: properties ?? null,
    burns: burns.length > 0 ? burns : null,
    reference: reference ?? null,
    entityId: entityId === undefined || entityId === NO_ENTITY ? null : entityId,
    value: value ?? null,
  };
}

/** Publishes each threshold once per window, also when usage falls and rises again. */
function thresholdsOf(kept: TransactionMeter, now: Date): NewEvent[] {
  const { meter, allowance, entitlement, customerId, windowStart } = kept.reading;
  const limit = effectiveLimit(meter, allowance, now);
  if (limit === null || limit === 0) return [];
  const reached = THRESHOLDS.filter((percent) => percent > meter.notified && reaches(meter.used, percent, limit));
  if (reached.length === 0) return [];
  kept.reading.meter = { ...meter, notified: reached.at(-1)! };
  return reached.map((percent) => ({
    type: 'usage.threshold_reached',
    subject: { type: 'customer', id: customerId },
    customerId,
    productId: entitlement.feature.productId,
    actor: SYSTEM_ACTOR,
    after: { feature: entitlement.feature.key, percent, limit, used: meter.used, windowStart },
  }));
}

/** Exact also where a product of two counts is beyond 2^53. */
function reaches(used: number, percent: number, limit: number): boolean {
  if (used <= MAX_COUNT / 100 && limit <= MAX_COUNT / 100) return used * 100 >= limit * percent;
  return BigInt(used) * 100n >= BigInt(limit) * BigInt(percent);
}

function stateOf({ entitlement, meter, entity }: Subject): MeterStateWithBurns {
  if (!meter) return { entitlement, allowance: null, meter: null, burnt: [] };
  const { allowance, meter: current, burnt } = meter.reading;
  return { entitlement, allowance, meter: current, burnt, entity: entity?.meter };
}

/** The name of an Idempotency-Key in a map. */
export const claimName = ({ caller, key }: { caller: string; key: string }): string => `${caller} ${key}`;

/** The name of an event reference in a set. */
export const referenceName = (customerId: string, reference: string): string => `${customerId} ${reference}`;

export const customerNotFound = (): DomainError => notFound('customer');
