import type { Actor } from '@app/kernel';
import type { NewEvent } from '@app/events';
import type { Burn } from './domain/burn-down.js';
import type { MeterState } from './domain/decide.js';
import type { Meter } from './domain/meter.js';
import type { EntryKind, Reservation } from './usage.repository.js';

/** A meter that a command reads and may change; without an instant, the one of the window that runs now. */
export interface MeterRef {
  feature: string;
  /** The window of this instant. */
  at?: Date;
  /** The window that begins here. */
  windowStart?: Date;
  /** What was burnt from grants is needed, to put it back. */
  withBurns?: boolean;
}

/** An Idempotency-Key: once done, the same answer for every repetition. */
export interface IdempotencyClaim {
  /** Who asks; a key means nothing to anybody else. */
  caller: string;
  key: string;
  /** Hexadecimal SHA-256 of what was asked. */
  fingerprint: string;
}

/** A line for the ledger; what it lacks is the same for the whole transaction. */
export interface NewEntry {
  /** Which of the command's meters counts it. */
  meterIndex: number;
  quantity: number;
  kind: EntryKind;
  occurredAt: Date;
  burns: Burn[];
  actor: Actor;
  properties?: object;
  reference?: string;
}

/** What a command is told under the customer's lock. */
export interface DecisionContext {
  now: Date;
  /** Whose lock it is. */
  customer: { id: string; key: string };
  /** One for each touch, in their order; `burnt` oldest first. */
  states: (MeterState & { burnt: Burn[] })[];
  /** Those of the ids that the command asked for that are there. */
  reservations: Map<string, Reservation>;
  /** Those of the references that the command asked for that are counted already. */
  counted: Set<string>;
}

/** What a command tells; the transaction knows on which product. */
export type EmittedEvent = Omit<NewEvent, 'productId'>;

/** What a command decides: nothing of it is true before all of it is written. */
export interface CommandResult<Answer> {
  answer: Answer;
  /** The meters afterwards, one for each touch; null: as it was. */
  meters: (Meter | null)[];
  /** No guard of the database against going beyond the limit: a fact that has happened, or units given back. */
  unguarded?: boolean;
  entries?: NewEntry[];
  reservations?: Reservation[];
  events?: EmittedEvent[];
}

/** One thing to be done to the usage of one customer. */
export interface UsageCommand<Answer> {
  customer: { id: string; key: string };
  product: string;
  meterRefs: MeterRef[];
  idempotency?: IdempotencyClaim;
  reservationIds?: string[];
  eventIds?: string[];
  /** Pure: no clock, no database. @throws DomainError to refuse; nothing is written then */
  decide(circumstances: DecisionContext): CommandResult<Answer>;
}

export interface UsageResult<Answer> {
  answer: Answer;
  /** True when this is the answer to an earlier request with the same Idempotency-Key. */
  replayed: boolean;
}
