import type { Entitlement } from '@app/entitlements';
import type { NewEvent } from '@app/events';
import { type DomainError, newId, notFound, SYSTEM_ACTOR } from '@app/kernel';
import { keyReused, type Outcome } from '@app/platform';
import { NO_ENTITY } from '../domain/entity-meter.js';
import type { CounterKey, LedgerEntry } from '../domain/ledger.js';
import { effectiveLimit } from '../domain/meter.js';
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
export function decideCommand(
  { command, entitlements, snapshot }: PreparedCommand,
  surroundings: Surroundings,
): Outcome<UsageResult<unknown>> {
  const { now, earlier, pending } = surroundings;
  const { idempotency: claim, customer } = command;
  const replay = claim && earlier.replays.get(claimName(claim));
  if (replay)
    return replay.fingerprint === claim.fingerprint
      ? { answer: { answer: JSON.parse(replay.answer), replayed: true } }
      : { error: keyReused() };
  const meters = command.meterRefs.map((meterRef, index) =>
    pending.meters.find(meterRef, entitlements[index]!, snapshot.customer.id),
  );
  const entities = command.meterRefs.map(({ entity }, index) =>
    entity && meters[index] ? pending.entities.find(entity, meters[index].reading) : undefined,
  );
  const context: DecisionContext = {
    now,
    customer: snapshot.customer,
    states: entitlements.map((entitlement, index) => stateOf(entitlement, meters[index], entities[index])),
    reservations: earlier.reservations,
    counted: command.eventIds
      ? new Set(command.eventIds.filter((reference) => earlier.counted.has(referenceName(customer.id, reference))))
      : NO_REFERENCES,
  };
  let result: CommandResult<unknown>;
  try {
    result = command.decide(context);
  } catch (error) {
    return { error };
  }
  keep(result, { meters, entities }, { now, earlier, pending, customerId: customer.id, entitlements });
  if (claim) {
    const stored = { ...claim, status: OK, answer: JSON.stringify(result.answer) };
    pending.replays.push(stored);
    earlier.replays.set(claimName(claim), stored);
  }
  return { answer: { answer: result.answer, replayed: false } };
}

function keep(
  result: CommandResult<unknown>,
  { meters, entities }: { meters: (TransactionMeter | undefined)[]; entities: (TransactionEntity | undefined)[] },
  {
    now,
    earlier,
    pending,
    customerId,
    entitlements,
  }: Surroundings & { customerId: string; entitlements: Entitlement[] },
): void {
  result.meters.forEach((meter, index) => {
    const kept = meters[index];
    if (!meter || !kept) return;
    const before = kept.reading.meter;
    const grew = meter.used > before.used;
    // A count that does not grow may stay above the limit: the database must not refuse it.
    kept.unguarded ||= result.unguarded === true || (!grew && meter.reserved <= before.reserved);
    kept.reading.meter = meter;
    kept.changed = true;
    if (grew) for (const event of thresholdsOf(kept, now)) pending.events.push(event);
  });
  result.entities?.forEach((meter, index) => {
    const kept = entities[index];
    if (!meter || !kept) return;
    const { used, reserved } = kept.meter;
    kept.unguarded ||= result.unguarded === true || (meter.used <= used && meter.reserved <= reserved);
    kept.meter = meter;
    kept.changed = true;
  });
  for (const entry of result.entries ?? []) {
    const { reading } = meters[entry.meterIndex]!;
    pending.entries.push(ledgerEntryOf(entry, reading, entities[entry.meterIndex]?.meter.id));
    if (entry.burns.length > 0) reading.burnt = [...reading.burnt, ...entry.burns];
    if (entry.reference !== undefined) earlier.counted.add(referenceName(customerId, entry.reference));
  }
  for (const reservation of result.reservations ?? []) {
    earlier.reservations.set(reservation.id, reservation);
    pending.reservations.push(reservation);
  }
  // All features of a command are of one product.
  const { productId } = entitlements[0]!.feature;
  if (result.events) for (const event of result.events) pending.events.push({ ...event, productId });
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
const reaches = (used: number, percent: number, limit: number): boolean =>
  BigInt(used) * 100n >= BigInt(limit) * BigInt(percent);

function stateOf(
  entitlement: Entitlement,
  meter: TransactionMeter | undefined,
  entity: TransactionEntity | undefined,
): MeterStateWithBurns {
  if (!meter) return { entitlement, allowance: null, meter: null, burnt: [] };
  const { reading } = meter;
  return {
    entitlement,
    allowance: reading.allowance,
    meter: reading.meter,
    burnt: reading.burnt,
    entity: entity?.meter,
  };
}

/** The name of an Idempotency-Key in a map. */
export const claimName = ({ caller, key }: { caller: string; key: string }): string => `${caller} ${key}`;

/** The name of an event reference in a set. */
export const referenceName = (customerId: string, reference: string): string => `${customerId} ${reference}`;

export const customerNotFound = (): DomainError => notFound('customer');
