import type { NewEvent } from '@app/events';
import { type Actor, DomainError } from '@app/kernel';
import type { Report } from './report.js';
import type { Burn } from './burn-down.js';
import { check, type Decision, exceedsCount, isCounted, type MeterState, type Question } from './decide.js';
import type { EntityMeter, EntityRef } from './entity-meter.js';
import type { EntryKind } from './ledger.js';
import type { Meter } from './meter.js';
import type { Reservation } from './reservation.js';

/** A meter that a command reads and may change. Without an instant: the meter of the current window. */
export interface MeterRef {
  feature: string;
  /** The window that contains this instant. */
  at?: Date;
  /** The window that begins here. */
  windowStart?: Date;
  /** Also read what was burnt from grants, to return units to them. */
  withBurns?: boolean;
  /** Also the meter of this entity. */
  entity?: EntityRef;
}

/** An Idempotency-Key: every repetition gets the stored answer. */
export interface IdempotencyClaim {
  /** Keys of one caller are separate from those of all others. */
  caller: string;
  key: string;
  /** Hexadecimal SHA-256 of the request. */
  fingerprint: string;
}

/** Fields that every command has. */
export interface CommandInput {
  customer: { id: string; key: string };
  product: string;
  actor: Actor;
  idempotency?: IdempotencyClaim;
}

/** Units of one feature, or its value in place of units. */
export interface FeatureQuantity extends Report {
  feature: string;
  /** Units, 1 or more. */
  quantity: number;
}

/** A ledger entry before the transaction completes it. */
export interface NewEntry {
  /** Index into the command's `meterRefs`. */
  meterIndex: number;
  quantity: number;
  kind: EntryKind;
  occurredAt: Date;
  burns: Burn[];
  actor: Actor;
  properties?: object;
  reference?: string;
  /** The reported value that the ledger keeps. */
  value?: number;
}

/** The state of one meter, with what was burnt from grants in its window, oldest first. */
export type MeterStateWithBurns = MeterState & { burnt: Burn[] };

/** Everything that a command may read, taken under the customer's lock. */
export interface DecisionContext {
  now: Date;
  /** The customer whose lock is held. */
  customer: { id: string; key: string };
  /** One for each of the command's `meterRefs`, in their order. */
  states: MeterStateWithBurns[];
  /** The existing ones of the command's `reservationIds`. */
  reservations: Map<string, Reservation>;
  /** Those of the command's `eventIds` that are counted already. */
  counted: Set<string>;
}

/** An event that a command emits; the transaction adds the product. */
export type EmittedEvent = Omit<NewEvent, 'productId'>;

/** The decision of a command. All of it is written in one transaction, or nothing. */
export interface CommandResult<Answer> {
  answer: Answer;
  /** The new state of each of the command's meters; null: unchanged. */
  meters: (Meter | null)[];
  /** The new state of the entity of each of the command's meters; null or left out: unchanged. */
  entities?: (EntityMeter | null)[];
  /** True where the database must not enforce the limit: usage that has happened already, or units returned. */
  unguarded?: boolean;
  entries?: NewEntry[];
  reservations?: Reservation[];
  events?: EmittedEvent[];
}

/** One change of one customer's usage. */
export interface UsageCommand<Answer> {
  customer: { id: string; key: string };
  product: string;
  meterRefs: MeterRef[];
  idempotency?: IdempotencyClaim;
  reservationIds?: string[];
  eventIds?: string[];
  /** Pure: no clock, no database. @throws DomainError to refuse; nothing is written then */
  decide(context: DecisionContext): CommandResult<Answer>;
}

/** The answer to a command. */
export interface UsageResult<Answer> {
  answer: Answer;
  /** True when this is the stored answer to an earlier request with the same Idempotency-Key. */
  replayed: boolean;
}

/** A decision that is always allowed: the usage has happened already, or units are returned. It shows the meter. */
export function accepted(
  state: MeterState,
  { customer, entity, quantity, now }: Pick<CommandInput, 'customer'> & Pick<Question, 'entity' | 'quantity' | 'now'>,
): Decision {
  return {
    ...check(state, { customer: customer.key, entity, quantity: Math.max(1, quantity), now }),
    requested: quantity,
    allowed: true,
    reason: null,
  };
}

/** A meter state that has a meter. */
export type CountedState = MeterStateWithBurns & { meter: Meter; allowance: NonNullable<MeterState['allowance']> };

/** @throws DomainError `feature_not_metered`, or the reason why the customer is not entitled */
export function countedState(state: MeterStateWithBurns): CountedState {
  const { denied, feature } = state.entitlement;
  if (!isCounted(feature.type)) throwNotMetered(feature);
  if (!state.meter || !state.allowance)
    throw new DomainError(
      'conflict',
      denied ?? 'feature_not_in_plan',
      'The customer is not entitled to this feature now.',
    );
  return state as CountedState;
}

/** @throws DomainError `quantity_too_large` where the terms allow the units, but the counter cannot hold them */
export function assertCountable(state: MeterState, question: Question): void {
  if (!exceedsCount(state, question)) return;
  const { key } = state.entitlement.feature;
  const { used, reserved } = state.meter!;
  throw new DomainError(
    'invalid',
    'quantity_too_large',
    `Usage of ${key} in one window ends at 9007199254740991 units (2^53-1). Nothing was counted; send fewer units.`,
    { feature: key, used, reserved, errors: [{ field: 'quantity', message: 'is too large for the counter' }] },
  );
}

/** @throws DomainError `feature_not_metered` */
export function throwNotMetered({ type }: { type: string }): never {
  throw new DomainError('invalid', 'feature_not_metered', `Usage of a ${type} feature is not counted.`, {
    errors: [{ field: 'feature', message: 'is not counted' }],
  });
}
