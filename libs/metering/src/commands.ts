import { type Actor, DomainError, invalidField } from '@app/kernel';
import type { EventType } from '@app/events';
import { check, consume, type Decision, isCounted, type Question, reserve, type MeterState } from './domain/decide.js';
import { count, type Meter, MAX_COUNT, reverse } from './domain/meter.js';
import type {
  DecisionContext,
  CommandResult,
  IdempotencyClaim,
  NewEntry,
  UsageCommand,
  EmittedEvent,
} from './usage-command.js';
import type { Reservation } from './usage.repository.js';

interface CommandInput {
  customer: { id: string; key: string };
  product: string;
  actor: Actor;
  idempotency?: IdempotencyClaim;
}

export interface FeatureQuantity {
  feature: string;
  /** Units, 1 or more. */
  quantity: number;
}

/** Several features at once: counted if and only if `allowed`, that is, if each of the decisions is. */
export interface JointDecision {
  allowed: boolean;
  data: Decision[];
}

/** A decision, and the units that are held by it; null when denied. */
export interface ReservationDecision extends Decision {
  reservation: { id: string; expiresAt: string } | null;
}

/** Counts one feature if, and only if, it is allowed. */
export function consumeOne(asked: CommandInput & FeatureQuantity & { properties?: object }): UsageCommand<Decision> {
  const { customer, product, idempotency, feature, quantity, actor, properties } = asked;
  return {
    customer,
    product,
    idempotency,
    meterRefs: [{ feature }],
    decide: ({ now, states: [situation] }) => {
      const { decision, taken, meter, burns } = consume(situation!, { customer: customer.key, quantity, now });
      if (taken === 0) return { answer: decision, meters: [null] };
      return {
        answer: decision,
        meters: [meter],
        entries: [{ meterIndex: 0, quantity: taken, kind: 'consume', occurredAt: now, burns, actor, properties }],
      };
    },
  };
}

/** Counts several features, all of them or none. */
export function consumeAll(
  asked: CommandInput & { features: FeatureQuantity[]; properties?: object },
): UsageCommand<JointDecision> {
  const { features, actor, properties, ...rest } = asked;
  return {
    ...rest,
    meterRefs: features.map(({ feature }) => ({ feature })),
    decide: ({ now, states }) => {
      const questions = features.map(({ quantity }): Question => ({ customer: asked.customer.key, quantity, now }));
      const outcomes = states.map((situation, index) => consume(situation, questions[index]!));
      if (outcomes.some(({ decision }) => !decision.allowed)) {
        return {
          answer: { allowed: false, data: states.map((situation, index) => check(situation, questions[index]!)) },
          meters: states.map(() => null),
        };
      }
      const entries = outcomes.flatMap(({ taken, burns }, meterIndex): NewEntry[] =>
        taken > 0 ? [{ meterIndex, quantity: taken, kind: 'consume', occurredAt: now, burns, actor, properties }] : [],
      );
      return {
        answer: { allowed: true, data: outcomes.map(({ decision }) => decision) },
        meters: outcomes.map(({ taken, meter }) => (taken > 0 ? meter : null)),
        entries,
      };
    },
  };
}

/** Holds units for a while. */
export function reserveUnits(
  asked: CommandInput & FeatureQuantity & { id: string; ttlSeconds: number },
): UsageCommand<ReservationDecision> {
  const { feature, quantity, id, ttlSeconds, actor, ...rest } = asked;
  return {
    ...rest,
    meterRefs: [{ feature }],
    decide: ({ now, customer, states: [situation] }) => {
      const { decision, taken, meter } = reserve(situation!, { customer: customer.key, quantity, now });
      if (taken === 0 || !meter) return { answer: { ...decision, reservation: null }, meters: [null] };
      const expiresAt = new Date(now.getTime() + ttlSeconds * 1_000);
      const reservation: Reservation = {
        id,
        customerId: customer.id,
        featureId: situation!.entitlement.feature.id,
        windowStart: meter.windowStart,
        quantity: taken,
        committed: 0,
        status: 'held',
        expiresAt,
        createdAt: now,
        settledAt: null,
      };
      const event = reservationEvent('reservation.created', reservation, { feature, actor });
      return {
        answer: { ...decision, reservation: { id, expiresAt: expiresAt.toISOString() } },
        meters: [meter],
        reservations: [reservation],
        events: [event],
      };
    },
  };
}

interface OnReservation extends CommandInput {
  feature: string;
  reservation: Pick<Reservation, 'id' | 'windowStart'>;
}

/** Counts held units, all or some, and lets go of the rest. They count in the window in which they were reserved. */
export function commit(asked: OnReservation & { quantity?: number }): UsageCommand<Decision> {
  return onReservation(asked, (held, situation, now) => {
    const quantity = asked.quantity ?? held.quantity;
    if (held.status === 'committed' && held.committed === quantity) return nothing(situation, asked, quantity, now);
    assertOpen(held, now);
    if (quantity > held.quantity)
      throw new DomainError('conflict', 'exceeds_reservation', 'More than was reserved cannot be committed.', {
        reserved: held.quantity,
      });
    const meter = situation.meter!;
    const counted = count({ ...meter, reserved: meter.reserved - held.quantity }, situation.allowance!, quantity, now);
    const settled: Reservation = {
      ...held,
      committed: quantity,
      status: quantity > 0 ? 'committed' : 'released',
      settledAt: now,
    };
    const entries: NewEntry[] =
      quantity > 0
        ? [
            {
              meterIndex: 0,
              quantity,
              kind: 'commit',
              occurredAt: now,
              burns: counted.burns,
              actor: asked.actor,
              properties: { reservation: held.id },
            },
          ]
        : [];
    return effectOf({ ...situation, meter: counted.meter }, asked, {
      quantity,
      now,
      settled,
      entries,
      type: 'reservation.committed',
    });
  });
}

/** Lets go of held units. Once they are let go, doing it again changes nothing. */
export function release(asked: OnReservation): UsageCommand<Decision> {
  return onReservation(asked, (held, situation, now) => {
    if (held.status === 'committed') assertOpen(held, now);
    if (held.status !== 'held' || held.expiresAt <= now) return nothing(situation, asked, held.quantity, now);
    const meter = { ...situation.meter!, reserved: situation.meter!.reserved - held.quantity };
    const settled: Reservation = { ...held, status: 'released', settledAt: now };
    return effectOf({ ...situation, meter }, asked, {
      quantity: held.quantity,
      now,
      settled,
      entries: [],
      type: 'reservation.released',
    });
  });
}

/** Still in use: holds on for another while. */
export function heartbeat(asked: OnReservation & { ttlSeconds: number }): UsageCommand<ReservationDecision> {
  return onReservation(asked, (held, situation, now) => {
    assertOpen(held, now);
    const expiresAt = new Date(now.getTime() + asked.ttlSeconds * 1_000);
    const answer = {
      ...accepted(situation, asked, held.quantity, now),
      reservation: { id: held.id, expiresAt: expiresAt.toISOString() },
    };
    return { answer, meters: [null], reservations: [{ ...held, expiresAt }] };
  });
}

/** Something that has happened, as its witness tells it. */
export interface UsageEvent {
  /** The teller's own id: told twice, counted once. */
  id: string;
  feature: string;
  quantity: number;
  occurredAt?: Date;
  properties?: object;
}

export interface IngestResult {
  id: string;
  status: 'recorded' | 'duplicate' | 'rejected';
  code?: string;
}

/** Counts what has happened, beyond any limit, in the window of its own time. One that cannot be counted leaves the others alone. */
export function ingest(asked: CommandInput & { facts: UsageEvent[] }): UsageCommand<IngestResult[]> {
  const { facts, actor, ...rest } = asked;
  const { meterRefs, meterIndexOf } = windowsOf(facts);
  return {
    ...rest,
    meterRefs,
    eventIds: facts.map(({ id }) => id),
    decide: ({ now, states, counted }) => {
      const meters = states.map(({ meter }) => meter);
      // Several instants may lie in one window: its meter is counted on once, in the first place where it stands.
      const places = new Map<Meter | null, number>();
      states.forEach(({ meter }, index) => places.has(meter) || places.set(meter, index));
      const changed = new Set<number>();
      const entries: NewEntry[] = [];
      const seen = new Set(counted);
      const results = facts.map((fact, index): IngestResult => {
        const { entitlement, allowance, meter: found } = states[meterIndexOf[index]!]!;
        const meterIndex = places.get(found)!;
        const meter = meters[meterIndex];
        if (seen.has(fact.id)) return { id: fact.id, status: 'duplicate' };
        if (entitlement.denied) return { id: fact.id, status: 'rejected', code: entitlement.denied };
        if (!allowance || !meter) return { id: fact.id, status: 'rejected', code: 'feature_not_metered' };
        if (meter.used + meter.reserved + fact.quantity > MAX_COUNT)
          return { id: fact.id, status: 'rejected', code: 'quantity_too_large' };
        seen.add(fact.id);
        const done = count(meter, allowance, fact.quantity, now);
        meters[meterIndex] = done.meter;
        changed.add(meterIndex);
        entries.push({
          meterIndex,
          quantity: fact.quantity,
          kind: 'event',
          occurredAt: fact.occurredAt ?? now,
          burns: done.burns,
          actor,
          properties: fact.properties,
          reference: fact.id,
        });
        return { id: fact.id, status: 'recorded' };
      });
      return {
        answer: results,
        meters: meters.map((meter, meterIndex) => (changed.has(meterIndex) ? meter : null)),
        unguarded: true,
        entries,
      };
    },
  };
}

/** One meterIndex for each feature and instant. */
function windowsOf(facts: UsageEvent[]): { meterRefs: UsageCommand<unknown>['meterRefs']; meterIndexOf: number[] } {
  const meterRefs: UsageCommand<unknown>['meterRefs'] = [];
  const known = new Map<string, number>();
  const meterIndexOf = facts.map(({ feature, occurredAt }) => {
    const name = `${feature} ${occurredAt?.getTime() ?? ''}`;
    const index = known.get(name) ?? meterRefs.push({ feature, at: occurredAt }) - 1;
    known.set(name, index);
    return index;
  });
  return { meterRefs, meterIndexOf };
}

/** Sets usage right by hand, up or down, with a reason. What is taken back is unwound newest first. */
export function correct(
  asked: CommandInput & { feature: string; quantity: number; at?: Date; reason: string },
): UsageCommand<Decision> {
  const { feature, quantity, at, reason, actor, ...rest } = asked;
  return {
    ...rest,
    meterRefs: [{ feature, at, withBurns: true }],
    decide: ({ now, customer, states: [situation] }) => {
      const { meter, allowance, entitlement, burnt } = countedSituation(situation!);
      if (meter.used + quantity < 0)
        throw new DomainError('conflict', 'exceeds_usage', 'No more can be taken back than was used.', {
          used: meter.used,
        });
      if (meter.used + meter.reserved + quantity > MAX_COUNT) throw invalidField('quantity', 'is too large');
      const done = quantity > 0 ? count(meter, allowance, quantity, now) : reverse(meter, allowance, -quantity, burnt);
      const event: EmittedEvent = {
        type: 'usage.corrected',
        subject: { type: 'customer', id: customer.id },
        customerId: customer.id,
        actor,
        reason,
        before: { feature: entitlement.feature.key, used: meter.used },
        after: { feature: entitlement.feature.key, used: done.meter.used, windowStart: meter.windowStart },
      };
      return {
        answer: accepted({ ...situation!, meter: done.meter }, asked, Math.abs(quantity), now),
        meters: [done.meter],
        unguarded: true,
        entries: [
          {
            meterIndex: 0,
            quantity,
            kind: 'correction',
            occurredAt: at ?? now,
            burns: done.burns,
            actor,
            properties: { reason },
          },
        ],
        events: [event],
      };
    },
  };
}

/** Takes units back that are held no longer, never more than were used. */
export function returnUnits(asked: CommandInput & FeatureQuantity): UsageCommand<null> {
  const { feature, quantity, actor, ...rest } = asked;
  return {
    ...rest,
    meterRefs: [{ feature, withBurns: true }],
    decide: ({ now, states: [situation] }) => {
      const { meter, allowance, burnt } = countedSituation(situation!);
      const returned = Math.min(quantity, meter.used);
      if (returned === 0) return { answer: null, meters: [null] };
      const done = reverse(meter, allowance, returned, burnt);
      return {
        answer: null,
        meters: [done.meter],
        unguarded: true,
        entries: [
          { meterIndex: 0, quantity: -returned, kind: 'correction', occurredAt: now, burns: done.burns, actor },
        ],
      };
    },
  };
}

/** Writes down which reservations are over. */
export function expireReservations(asked: CommandInput & { feature: string; windowStart: Date }): UsageCommand<null> {
  const { feature, windowStart, ...rest } = asked;
  return {
    ...rest,
    meterRefs: [{ feature, windowStart }],
    decide: ({ states: [situation] }) => ({ answer: null, meters: [situation!.meter], unguarded: true }),
  };
}

function onReservation<Answer>(
  asked: OnReservation,
  decide: (held: Reservation, situation: DecisionContext['states'][number], now: Date) => CommandResult<Answer>,
): UsageCommand<Answer> {
  const { customer, product, idempotency, feature, reservation } = asked;
  return {
    customer,
    product,
    idempotency,
    meterRefs: [{ feature, windowStart: reservation.windowStart }],
    reservationIds: [reservation.id],
    decide: ({ now, states: [situation], reservations }) => {
      const held = reservations.get(reservation.id);
      if (!held) throw new DomainError('not_found', 'reservation_not_found', 'There is no such reservation.');
      return decide(held, countedSituation(situation!), now);
    },
  };
}

function effectOf(
  situation: MeterState,
  asked: OnReservation,
  {
    quantity,
    now,
    settled,
    entries,
    type,
  }: { quantity: number; now: Date; settled: Reservation; entries: NewEntry[]; type: EventType },
): CommandResult<Decision> {
  return {
    answer: accepted(situation, asked, quantity, now),
    meters: [situation.meter],
    unguarded: true,
    entries,
    reservations: [settled],
    events: [reservationEvent(type, settled, asked)],
  };
}

const nothing = (situation: MeterState, asked: CommandInput, quantity: number, now: Date): CommandResult<Decision> => ({
  answer: accepted(situation, asked, quantity, now),
  meters: [null],
});

/** Not a question whether more is allowed: this was done. The rest tells how the meter stands. */
function accepted(situation: MeterState, { customer }: CommandInput, quantity: number, now: Date): Decision {
  return {
    ...check(situation, { customer: customer.key, quantity: Math.max(1, quantity), now }),
    requested: quantity,
    allowed: true,
    reason: null,
  };
}

type CountedSituation = DecisionContext['states'][number] & {
  meter: Meter;
  allowance: NonNullable<MeterState['allowance']>;
};

/** @throws DomainError where nothing is counted, or not any more */
function countedSituation(situation: DecisionContext['states'][number]): CountedSituation {
  const { denied, feature } = situation.entitlement;
  if (!isCounted(feature.type)) throwNotMetered(feature);
  if (!situation.meter || !situation.allowance)
    throw new DomainError(
      'conflict',
      denied ?? 'feature_not_in_plan',
      'The customer is not entitled to this feature now.',
    );
  return situation as CountedSituation;
}

/** @throws DomainError `feature_not_metered` */
export function throwNotMetered({ type }: { type: string }): never {
  throw new DomainError('invalid', 'feature_not_metered', `The feature is ${type}: there is nothing to count.`, {
    errors: [{ field: 'feature', message: 'is not counted' }],
  });
}

function assertOpen({ status, expiresAt }: Reservation, now: Date): void {
  const standing = status === 'held' && expiresAt <= now ? 'expired' : status;
  if (standing === 'expired') throw new DomainError('conflict', 'reservation_expired', 'The reservation is over.');
  if (standing !== 'held') throw new DomainError('conflict', 'reservation_settled', `The reservation is ${standing}.`);
}

function reservationEvent(
  type: EventType,
  { id, customerId, quantity, committed, expiresAt }: Reservation,
  { feature, actor }: { feature: string; actor: Actor },
): EmittedEvent {
  return {
    type,
    subject: { type: 'reservation', id },
    customerId,
    actor,
    after: { feature, quantity, committed, expiresAt },
  };
}
