import type { EventType } from '@app/events';
import { type Actor, DomainError, notFound } from '@app/kernel';
import { assertSum } from './aggregation.js';
import { type Decision, type MeterState, reserve } from './decide.js';
import { assertEntity, changed, type EntityMeter, entityRefOf } from './entity-meter.js';
import { count } from './meter.js';
import { assertOpen, type Reservation } from './reservation.js';
import {
  accepted,
  assertCountable,
  type CommandInput,
  type CommandResult,
  type CountedState,
  countedState,
  type EmittedEvent,
  type FeatureQuantity,
  type NewEntry,
  type UsageCommand,
} from './usage-command.js';

/** A decision with the reservation that it made; null when denied. */
export interface ReservationDecision extends Decision {
  reservation: { id: string; expiresAt: string } | null;
}

/** Reserves units until `ttlSeconds` from now. */
export function reserveUnits(
  input: CommandInput & FeatureQuantity & { id: string; ttlSeconds: number },
): UsageCommand<ReservationDecision> {
  const { feature, quantity, id, ttlSeconds, actor, ...rest } = input;
  return {
    ...rest,
    meterRefs: [{ feature, entity: entityRefOf(input) }],
    decide: ({ now, customer, states: [state] }) => {
      assertSum(state!.entitlement.feature);
      assertEntity(state!.allowance?.entityLimit, input);
      const question = { customer: customer.key, quantity, now, entity: input.entity };
      const { decision, taken, meter, entity } = reserve(state!, question);
      if (taken === 0 || !meter) {
        assertCountable(state!, question);
        return { answer: { ...decision, reservation: null }, meters: [null] };
      }
      const expiresAt = new Date(now.getTime() + ttlSeconds * 1_000);
      const reservation: Reservation = {
        id,
        customerId: customer.id,
        featureId: state!.entitlement.feature.id,
        windowStart: meter.windowStart,
        entityId: entity?.id ?? null,
        quantity: taken,
        committed: 0,
        status: 'held',
        expiresAt,
        createdAt: now,
        closedAt: null,
      };
      return {
        answer: { ...decision, reservation: { id, expiresAt: expiresAt.toISOString() } },
        meters: [meter],
        entities: [entity],
        reservations: [reservation],
        events: [reservationEvent('reservation.created', reservation, { feature, actor })],
      };
    },
  };
}

/** Fields of every command on an existing reservation. */
interface ReservationInput extends CommandInput {
  feature: string;
  reservation: Pick<Reservation, 'id' | 'windowStart' | 'entityId'>;
}

/** Counts all or some reserved units, in the window in which they were reserved, and releases the rest. */
export function commitReservation(input: ReservationInput & { quantity?: number }): UsageCommand<Decision> {
  return onReservation(input, (reservation, state, now) => {
    const quantity = input.quantity ?? reservation.quantity;
    if (reservation.status === 'committed' && reservation.committed === quantity)
      return unchanged(state, input, quantity, now);
    assertOpen(reservation, now);
    if (quantity > reservation.quantity)
      throw new DomainError('conflict', 'exceeds_reservation', 'A commit cannot count more units than are reserved.', {
        reserved: reservation.quantity,
      });
    const meter = { ...state.meter, reserved: state.meter.reserved - reservation.quantity };
    const counted = count(meter, state.allowance, quantity, now);
    const entry: NewEntry = {
      meterIndex: 0,
      quantity,
      kind: 'commit',
      occurredAt: now,
      burns: counted.burns,
      actor: input.actor,
      properties: { reservation: reservation.id },
    };
    const closed: Reservation = {
      ...reservation,
      committed: quantity,
      status: quantity > 0 ? 'committed' : 'released',
      closedAt: now,
    };
    return {
      ...closing({ ...state, meter: counted.meter, entity: released(state.entity, reservation, quantity) }, input, {
        quantity,
        now,
        closed,
        type: 'reservation.committed',
      }),
      entries: quantity > 0 ? [entry] : [],
    };
  });
}

/** Releases reserved units. Repeating it changes nothing. */
export function releaseReservation(input: ReservationInput): UsageCommand<Decision> {
  return onReservation(input, (reservation, state, now) => {
    const { status, quantity, expiresAt } = reservation;
    if (status === 'committed') assertOpen(reservation, now);
    if (status !== 'held' || expiresAt <= now) return unchanged(state, input, quantity, now);
    const meter = { ...state.meter, reserved: state.meter.reserved - quantity };
    const closed: Reservation = { ...reservation, status: 'released', closedAt: now };
    const after = { ...state, meter, entity: released(state.entity, reservation, 0) };
    return closing(after, input, { quantity, now, closed, type: 'reservation.released' });
  });
}

/** Extends a reservation that is still in use: it expires `ttlSeconds` from now. */
export function extendReservation(input: ReservationInput & { ttlSeconds: number }): UsageCommand<ReservationDecision> {
  return onReservation(input, (reservation, state, now) => {
    assertOpen(reservation, now);
    const expiresAt = new Date(now.getTime() + input.ttlSeconds * 1_000);
    const answer = {
      ...accepted(state, { customer: input.customer, quantity: reservation.quantity, now }),
      reservation: { id: reservation.id, expiresAt: expiresAt.toISOString() },
    };
    return { answer, meters: [null], reservations: [{ ...reservation, expiresAt }] };
  });
}

/** Stores that reservations of one counter have expired. Reading its meter has found them already. */
export function expireReservations(input: CommandInput & { feature: string; windowStart: Date }): UsageCommand<null> {
  const { feature, windowStart, ...rest } = input;
  return {
    ...rest,
    meterRefs: [{ feature, windowStart }],
    decide: ({ states: [state] }) => ({ answer: null, meters: [state!.meter], unguarded: true }),
  };
}

function onReservation<Answer>(
  input: ReservationInput,
  decide: (reservation: Reservation, state: CountedState, now: Date) => CommandResult<Answer>,
): UsageCommand<Answer> {
  const { customer, product, idempotency, feature, reservation } = input;
  return {
    customer,
    product,
    idempotency,
    meterRefs: [{ feature, windowStart: reservation.windowStart, entity: entityOf(reservation) }],
    reservationIds: [reservation.id],
    decide: ({ now, states: [state], reservations }) => {
      const stored = reservations.get(reservation.id);
      if (!stored) throw notFound('reservation');
      return decide(stored, countedState(state!), now);
    },
  };
}

function closing(
  state: MeterState,
  input: ReservationInput,
  { quantity, now, closed, type }: { quantity: number; now: Date; closed: Reservation; type: EventType },
): CommandResult<Decision> {
  return {
    answer: accepted(state, { customer: input.customer, quantity, now }),
    meters: [state.meter],
    entities: [state.entity ?? null],
    unguarded: true,
    reservations: [closed],
    events: [reservationEvent(type, closed, input)],
  };
}

function unchanged(state: MeterState, input: CommandInput, quantity: number, now: Date): CommandResult<Decision> {
  return { answer: accepted(state, { customer: input.customer, quantity, now }), meters: [null] };
}

/** The entity of a reservation without its reserved units, and with the units that were used. */
function released(entity: EntityMeter | null | undefined, { quantity }: Reservation, used: number): EntityMeter | null {
  return entity ? { ...changed(entity, used, null), reserved: entity.reserved - quantity } : null;
}

const entityOf = ({ entityId }: Pick<Reservation, 'entityId'>): { id: string } | undefined =>
  entityId === null ? undefined : { id: entityId };

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
