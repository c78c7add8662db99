import { type Actor, DomainError, invalidField } from '@app/kernel';
import type { EventType } from '@app/platform';
import { check, consume, type Decision, isCounted, type Question, reserve, type Situation } from './domain/decide.js';
import { count, type Meter, MOST, uncount } from './domain/meter.js';
import type { Circumstances, Effect, IdempotencyClaim, NewEntry, UsageCommand, UsageEvent } from './usage-command.js';
import type { Reservation } from './usage.repository.js';

interface Asked {
  customer: { id: string; key: string };
  product: string;
  actor: Actor;
  idempotency?: IdempotencyClaim;
}

export interface QuantityOf {
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
export function consumeOne(asked: Asked & QuantityOf & { properties?: object }): UsageCommand<Decision> {
  const { customer, product, idempotency, feature, quantity, actor, properties } = asked;
  return {
    customer,
    product,
    idempotency,
    touches: [{ feature }],
    decide: ({ now, situations: [situation] }) => {
      const { decision, taken, meter, burns } = consume(situation!, { customer: customer.key, quantity, now });
      if (taken === 0) return { answer: decision, meters: [null] };
      return {
        answer: decision,
        meters: [meter],
        entries: [{ touch: 0, quantity: taken, kind: 'consume', occurredAt: now, burns, actor, properties }],
      };
    },
  };
}

/** Counts several features, all of them or none. */
export function consumeAll(
  asked: Asked & { features: QuantityOf[]; properties?: object },
): UsageCommand<JointDecision> {
  const { features, actor, properties, ...rest } = asked;
  return {
    ...rest,
    touches: features.map(({ feature }) => ({ feature })),
    decide: ({ now, situations }) => {
      const questions = features.map(({ quantity }): Question => ({ customer: asked.customer.key, quantity, now }));
      const outcomes = situations.map((situation, index) => consume(situation, questions[index]!));
      if (outcomes.some(({ decision }) => !decision.allowed)) {
        return {
          answer: { allowed: false, data: situations.map((situation, index) => check(situation, questions[index]!)) },
          meters: situations.map(() => null),
        };
      }
      const entries = outcomes.flatMap(({ taken, burns }, touch): NewEntry[] =>
        taken > 0 ? [{ touch, quantity: taken, kind: 'consume', occurredAt: now, burns, actor, properties }] : [],
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
export function hold(
  asked: Asked & QuantityOf & { id: string; ttlSeconds: number },
): UsageCommand<ReservationDecision> {
  const { feature, quantity, id, ttlSeconds, actor, ...rest } = asked;
  return {
    ...rest,
    touches: [{ feature }],
    decide: ({ now, customer, situations: [situation] }) => {
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

interface OnReservation extends Asked {
  feature: string;
  reservation: Pick<Reservation, 'id' | 'windowStart'>;
}

/** Counts held units, all or some, and lets go of the rest. They count in the window in which they were reserved. */
export function commit(asked: OnReservation & { quantity?: number }): UsageCommand<Decision> {
  return onReservation(asked, (held, situation, now) => {
    const quantity = asked.quantity ?? held.quantity;
    if (held.status === 'committed' && held.committed === quantity) return nothing(situation, asked, quantity, now);
    refuseSettled(held, now);
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
              touch: 0,
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
    if (held.status === 'committed') refuseSettled(held, now);
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
    refuseSettled(held, now);
    const expiresAt = new Date(now.getTime() + asked.ttlSeconds * 1_000);
    const answer = {
      ...accepted(situation, asked, held.quantity, now),
      reservation: { id: held.id, expiresAt: expiresAt.toISOString() },
    };
    return { answer, meters: [null], reservations: [{ ...held, expiresAt }] };
  });
}

/** Something that has happened, as its witness tells it. */
export interface UsageFact {
  /** The teller's own id: told twice, counted once. */
  id: string;
  feature: string;
  quantity: number;
  occurredAt?: Date;
  properties?: object;
}

export interface FactResult {
  id: string;
  status: 'recorded' | 'duplicate' | 'rejected';
  code?: string;
}

/** Counts what has happened, beyond any limit, in the window of its own time. One that cannot be counted leaves the others alone. */
export function record(asked: Asked & { facts: UsageFact[] }): UsageCommand<FactResult[]> {
  const { facts, actor, ...rest } = asked;
  const { touches, touchOf } = windowsOf(facts);
  return {
    ...rest,
    touches,
    references: facts.map(({ id }) => id),
    decide: ({ now, situations, counted }) => {
      const meters = situations.map(({ meter }) => meter);
      // Several instants may lie in one window: its meter is counted on once, in the first place where it stands.
      const places = new Map<Meter | null, number>();
      situations.forEach(({ meter }, index) => places.has(meter) || places.set(meter, index));
      const changed = new Set<number>();
      const entries: NewEntry[] = [];
      const seen = new Set(counted);
      const results = facts.map((fact, index): FactResult => {
        const { entitlement, allowance, meter: found } = situations[touchOf[index]!]!;
        const touch = places.get(found)!;
        const meter = meters[touch];
        if (seen.has(fact.id)) return { id: fact.id, status: 'duplicate' };
        if (entitlement.denied) return { id: fact.id, status: 'rejected', code: entitlement.denied };
        if (!allowance || !meter) return { id: fact.id, status: 'rejected', code: 'feature_not_metered' };
        if (meter.used + meter.reserved + fact.quantity > MOST)
          return { id: fact.id, status: 'rejected', code: 'quantity_too_large' };
        seen.add(fact.id);
        const done = count(meter, allowance, fact.quantity, now);
        meters[touch] = done.meter;
        changed.add(touch);
        entries.push({
          touch,
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
        meters: meters.map((meter, touch) => (changed.has(touch) ? meter : null)),
        unguarded: true,
        entries,
      };
    },
  };
}

/** One touch for each feature and instant. */
function windowsOf(facts: UsageFact[]): { touches: UsageCommand<unknown>['touches']; touchOf: number[] } {
  const touches: UsageCommand<unknown>['touches'] = [];
  const known = new Map<string, number>();
  const touchOf = facts.map(({ feature, occurredAt }) => {
    const name = `${feature} ${occurredAt?.getTime() ?? ''}`;
    const index = known.get(name) ?? touches.push({ feature, at: occurredAt }) - 1;
    known.set(name, index);
    return index;
  });
  return { touches, touchOf };
}

/** Sets usage right by hand, up or down, with a reason. What is taken back is unwound newest first. */
export function correct(
  asked: Asked & { feature: string; quantity: number; at?: Date; reason: string },
): UsageCommand<Decision> {
  const { feature, quantity, at, reason, actor, ...rest } = asked;
  return {
    ...rest,
    touches: [{ feature, at, withBurns: true }],
    decide: ({ now, customer, situations: [situation] }) => {
      const { meter, allowance, entitlement, burnt } = countedSituation(situation!);
      if (meter.used + quantity < 0)
        throw new DomainError('conflict', 'exceeds_usage', 'No more can be taken back than was used.', {
          used: meter.used,
        });
      if (meter.used + meter.reserved + quantity > MOST) throw invalidField('quantity', 'is too large');
      const done = quantity > 0 ? count(meter, allowance, quantity, now) : uncount(meter, allowance, -quantity, burnt);
      const event: UsageEvent = {
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
            touch: 0,
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
export function giveBack(asked: Asked & QuantityOf): UsageCommand<null> {
  const { feature, quantity, actor, ...rest } = asked;
  return {
    ...rest,
    touches: [{ feature, withBurns: true }],
    decide: ({ now, situations: [situation] }) => {
      const { meter, allowance, burnt } = countedSituation(situation!);
      const returned = Math.min(quantity, meter.used);
      if (returned === 0) return { answer: null, meters: [null] };
      const done = uncount(meter, allowance, returned, burnt);
      return {
        answer: null,
        meters: [done.meter],
        unguarded: true,
        entries: [{ touch: 0, quantity: -returned, kind: 'correction', occurredAt: now, burns: done.burns, actor }],
      };
    },
  };
}

/** Writes down which reservations are over. */
export function settleExpired(asked: Asked & { feature: string; windowStart: Date }): UsageCommand<null> {
  const { feature, windowStart, ...rest } = asked;
  return {
    ...rest,
    touches: [{ feature, windowStart }],
    decide: ({ situations: [situation] }) => ({ answer: null, meters: [situation!.meter], unguarded: true }),
  };
}

function onReservation<Answer>(
  asked: OnReservation,
  decide: (held: Reservation, situation: Circumstances['situations'][number], now: Date) => Effect<Answer>,
): UsageCommand<Answer> {
  const { customer, product, idempotency, feature, reservation } = asked;
  return {
    customer,
    product,
    idempotency,
    touches: [{ feature, windowStart: reservation.windowStart }],
    reservationIds: [reservation.id],
    decide: ({ now, situations: [situation], reservations }) => {
      const held = reservations.get(reservation.id);
      if (!held) throw new DomainError('not_found', 'reservation_not_found', 'There is no such reservation.');
      return decide(held, countedSituation(situation!), now);
    },
  };
}

function effectOf(
  situation: Situation,
  asked: OnReservation,
  {
    quantity,
    now,
    settled,
    entries,
    type,
  }: { quantity: number; now: Date; settled: Reservation; entries: NewEntry[]; type: EventType },
): Effect<Decision> {
  return {
    answer: accepted(situation, asked, quantity, now),
    meters: [situation.meter],
    unguarded: true,
    entries,
    reservations: [settled],
    events: [reservationEvent(type, settled, asked)],
  };
}

const nothing = (situation: Situation, asked: Asked, quantity: number, now: Date): Effect<Decision> => ({
  answer: accepted(situation, asked, quantity, now),
  meters: [null],
});

/** Not a question whether more is allowed: this was done. The rest tells how the meter stands. */
function accepted(situation: Situation, { customer }: Asked, quantity: number, now: Date): Decision {
  return {
    ...check(situation, { customer: customer.key, quantity: Math.max(1, quantity), now }),
    requested: quantity,
    allowed: true,
    reason: null,
  };
}

type CountedSituation = Circumstances['situations'][number] & {
  meter: Meter;
  allowance: NonNullable<Situation['allowance']>;
};

/** @throws DomainError where nothing is counted, or not any more */
function countedSituation(situation: Circumstances['situations'][number]): CountedSituation {
  const { denied, feature } = situation.entitlement;
  if (!isCounted(feature.type)) refuseUncounted(feature);
  if (!situation.meter || !situation.allowance)
    throw new DomainError(
      'conflict',
      denied ?? 'feature_not_in_plan',
      'The customer is not entitled to this feature now.',
    );
  return situation as CountedSituation;
}

/** @throws DomainError `feature_not_metered` */
export function refuseUncounted({ type }: { type: string }): never {
  throw new DomainError('invalid', 'feature_not_metered', `The feature is ${type}: there is nothing to count.`, {
    errors: [{ field: 'feature', message: 'is not counted' }],
  });
}

function refuseSettled({ status, expiresAt }: Reservation, now: Date): void {
  const standing = status === 'held' && expiresAt <= now ? 'expired' : status;
  if (standing === 'expired') throw new DomainError('conflict', 'reservation_expired', 'The reservation is over.');
  if (standing !== 'held') throw new DomainError('conflict', 'reservation_settled', `The reservation is ${standing}.`);
}

function reservationEvent(
  type: EventType,
  { id, customerId, quantity, committed, expiresAt }: Reservation,
  { feature, actor }: { feature: string; actor: Actor },
): UsageEvent {
  return {
    type,
    subject: { type: 'reservation', id },
    customerId,
    actor,
    after: { feature, quantity, committed, expiresAt },
  };
}
