import { Injectable } from '@nestjs/common';
import {
  type Entitlement,
  EntitlementsService,
  isValidAt,
  EntitlementSnapshots,
  type CachedSnapshot,
} from '@app/entitlements';
import { Clock, DomainError, newId, SYSTEM_ACTOR } from '@app/kernel';
import { Events, type KeyedEvent, type NewEvent } from '@app/events';
import { type Connection, type Decided, keyReused, type Outcome, PipelinedDatabase } from '@app/platform';
import type { Burn } from './domain/burn-down.js';
import { hardLimit, type MeterState } from './domain/decide.js';
import { effectiveLimit } from './domain/meter.js';
import { counterName, MeterReader, type MeterReading, type MeterRequest, windowStartOf } from './meter-reader.js';
import type { DecisionContext, CommandResult, MeterRef, UsageCommand, UsageResult } from './usage-command.js';
import {
  type CounterChange,
  type LedgerEntry,
  type Reservation,
  type StoredReplay,
  UsageRepository,
} from './usage.repository.js';

/** A command, and what this process takes its customer to be allowed. */
export interface PreparedCommand<Answer = unknown> {
  command: UsageCommand<Answer>;
  holder: CachedSnapshot;
  /** One for each touch. */
  entitlements: Entitlement[];
}

/** What became of a command: done, refused, or not tried because somebody else holds its customer. */
export type CommandOutcome = Outcome<UsageResult<unknown>> | 'held by another';

export interface TransactionOptions {
  /** Wait for customers that another transaction holds, instead of leaving their commands undone. */
  wait: boolean;
}

/** In percent of the limit; each is told once in a window. */
const THRESHOLDS = [80, 100];
const OK = 200;
const NONE: Set<string> = new Set();

interface State {
  reading: MeterReading;
  unguarded: boolean;
  changed: boolean;
}

/** What all commands of one transaction leave behind. */
interface Written {
  states: States;
  entries: LedgerEntry[];
  reservations: Reservation[];
  events: NewEvent[];
  replays: StoredReplay[];
}

/**
 * One short transaction for many commands: holds their customers, reads what they need, lets each decide in memory, one after the
 * other, and writes what came of it. What this process remembered of a customer is used only if the lock shows that it still holds.
 */
@Injectable()
export class UsageTransaction {
  constructor(
    private readonly usage: UsageRepository,
    private readonly meters: MeterReader,
    private readonly holders: EntitlementSnapshots,
    private readonly entitlements: EntitlementsService,
    private readonly pipeline: PipelinedDatabase,
    private readonly events: Events,
    private readonly clock: Clock,
  ) {}

  /** @returns one outcome for each command, in their order. @throws whatever the database throws: then nothing was done */
  run(commands: PreparedCommand[], options: TransactionOptions): Promise<CommandOutcome[]> {
    return this.pipeline.transaction((connection) => this.work(connection, commands, options));
  }

  private async work(
    connection: Connection,
    commands: PreparedCommand[],
    { wait }: TransactionOptions,
  ): Promise<Decided<CommandOutcome[]>> {
    const now = await this.present(connection, commands[0]!.holder);
    const customerIds = [...new Set(commands.map(({ command }) => command.customer.id))].sort();
    // The lock is asked for first: all that follows sees what others have committed by then.
    const [versions, readings, known] = await Promise.all([
      this.usage.lock(connection, customerIds, !wait),
      this.meters.read(connection, [...requestsOf(commands).values()], now),
      this.known(connection, commands),
    ]);
    const current = await this.refresh(connection, commands, { versions, now });
    const states = new States();
    states.learn(readings);
    const missing =
      current === commands
        ? []
        : [...requestsOf(current)].flatMap(([name, request]) =>
            states.get(name)?.reading.entitlement === request.entitlement ? [] : [request],
          );
    if (missing.length > 0) states.learn(await this.meters.read(connection, missing, now));

    const written: Written = { states, entries: [], reservations: [], events: [], replays: [] };
    const outcomes = current.map((prepared, index): CommandOutcome => {
      const { command } = commands[index]!;
      if (prepared === null)
        return wait || versions.has(command.customer.id) ? { error: noCustomer() } : 'held by another';
      return decideOne(prepared, { now, known, written });
    });
    return { answer: outcomes, writes: this.write(connection, written, commands, now) };
  }

  /** All commands of a transaction have it in common. */
  private present(connection: Connection, { customer: { testClockId } }: CachedSnapshot): Date | Promise<Date> {
    return testClockId === null ? this.clock.now() : this.usage.nowOnClock(connection, testClockId);
  }

  /** Commands whose customer has changed, or whose window ended while they waited, get what holds now; null where the customer is held by another, or gone. */
  private async refresh(
    connection: Connection,
    commands: PreparedCommand[],
    { versions, now }: { versions: Map<string, number>; now: Date },
  ): Promise<(PreparedCommand | null)[]> {
    const stale = new Set<string>();
    let all = true;
    for (const { holder, entitlements } of commands) {
      const version = versions.get(holder.customer.id);
      if (version === holder.version) this.holders.markFresh(holder);
      else if (version !== undefined) stale.add(holder.customer.id);
      all &&= version === holder.version && entitlements.every((entitlement) => isValidAt(entitlement, now));
    }
    if (all) return commands;
    const fresh =
      stale.size > 0 ? await this.holders.refresh([...stale], connection) : new Map<string, CachedSnapshot>();
    return Promise.all(
      commands.map(async (prepared) => {
        const { holder, command } = prepared;
        if (!versions.has(holder.customer.id)) return null;
        const renewed = stale.has(holder.customer.id) ? fresh.get(holder.customer.id) : holder;
        if (!renewed) {
          this.holders.evict(holder);
          return null;
        }
        return {
          command,
          holder: renewed,
          entitlements: await Promise.all(
            command.meterRefs.map(({ feature }) => this.entitlements.resolve(renewed, command.product, feature)),
          ),
        };
      }),
    );
  }

  /** Answers given before, reservations asked about, and what of the callers' own ids is counted already. */
  private async known(connection: Connection, commands: PreparedCommand[]): Promise<Known> {
    const claims = commands.flatMap(({ command }) => command.idempotency ?? []);
    const reservations = commands.flatMap(({ command: { customer, reservationIds = [] } }) =>
      reservationIds.map((id) => ({ customerId: customer.id, id })),
    );
    const references = commands.flatMap(({ command: { customer, eventIds: asked = [] } }) =>
      asked.map((reference) => ({ customerId: customer.id, reference })),
    );
    const [replays, rows, counted] = await Promise.all([
      claims.length > 0 ? this.usage.replays(connection, claims) : [],
      reservations.length > 0 ? this.usage.reservations(connection, reservations) : [],
      references.length > 0 ? this.usage.references(connection, references) : [],
    ]);
    return {
      replays: new Map(replays.map((replay) => [claimName(replay), replay])),
      reservations: new Map(rows.map((reservation) => [reservation.id, reservation])),
      counted: new Set(counted.map((row) => referenceName(row.customerId, row.reference))),
    };
  }

  private write(
    connection: Connection,
    { states, entries, reservations, events, replays }: Written,
    commands: PreparedCommand[],
    now: Date,
  ): Promise<unknown>[] {
    const changed = states.changed();
    const expired = changed.flatMap(({ reading }) => reading.expired);
    const lines = [
      ...changed.flatMap(({ reading }) => [...openingOf(reading), ...coverageOf(reading, now)]),
      ...entries,
    ];
    const settled = [
      ...expired.map((reservation): Reservation => ({ ...reservation, status: 'expired', settledAt: now })),
      ...reservations,
    ];
    const news = [
      ...changed.flatMap(({ reading }) => reading.expired.map((reservation) => expiryOf(reservation, reading))),
      ...events,
    ];
    const balances = changed.flatMap(({ reading: { customerId, meter } }) =>
      meter.grants.flatMap(({ grant, balance, settledAt }) =>
        settledAt ? [{ customerId, grantId: grant.id, balance, settledAt }] : [],
      ),
    );
    const writes: Promise<unknown>[] = [];
    if (changed.length > 0) writes.push(...this.usage.saveCounters(connection, changed.map(changeOf(now)), now));
    if (lines.length > 0) writes.push(this.usage.insertEntries(connection, lines, now));
    if (balances.length > 0) writes.push(this.usage.saveBalances(connection, balances));
    if (settled.length > 0) writes.push(this.usage.saveReservations(connection, settled));
    if (replays.length > 0) writes.push(this.usage.insertReplays(connection, replays, now));
    if (news.length > 0) writes.push(this.events.recordAll(connection, withKeys(news, commands, now)));
    return writes;
  }
}

interface Known {
  replays: Map<string, StoredReplay>;
  reservations: Map<string, Reservation>;
  counted: Set<string>;
}

/** Events with the keys of their customer and product, both known from the commands: nothing is looked up here. */
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

/** Lets one command decide on what the ones before it have left, and keeps what it decides for those after it. */
function decideOne(
  { command, entitlements, holder }: PreparedCommand,
  { now, known, written }: { now: Date; known: Known; written: Written },
): CommandOutcome {
  const { idempotency: claim, customer } = command;
  const earlier = claim && known.replays.get(claimName(claim));
  if (earlier)
    return earlier.fingerprint === claim.fingerprint
      ? { answer: { answer: JSON.parse(earlier.answer), replayed: true } }
      : { error: keyReused() };
  const states = command.meterRefs.map((touch, index) =>
    written.states.of(touch, entitlements[index]!, holder.customer.id),
  );
  const circumstances: DecisionContext = {
    now,
    customer: holder.customer,
    states: entitlements.map((entitlement, index) => situationOf(entitlement, states[index])),
    reservations: known.reservations,
    counted: command.eventIds
      ? new Set(command.eventIds.filter((reference) => known.counted.has(referenceName(customer.id, reference))))
      : NONE,
  };
  let effect: CommandResult<unknown>;
  try {
    effect = command.decide(circumstances);
  } catch (error) {
    return { error };
  }
  keep(effect, states, { now, known, written, customerId: customer.id, entitlements });
  if (claim) {
    const replay = { ...claim, status: OK, answer: JSON.stringify(effect.answer) };
    written.replays.push(replay);
    known.replays.set(claimName(claim), replay);
  }
  return { answer: { answer: effect.answer, replayed: false } };
}

function keep(
  effect: CommandResult<unknown>,
  states: (State | undefined)[],
  {
    now,
    known,
    written,
    customerId,
    entitlements,
  }: { now: Date; known: Known; written: Written; customerId: string; entitlements: Entitlement[] },
): void {
  effect.meters.forEach((meter, index) => {
    const state = states[index];
    if (!meter || !state) return;
    const grew = meter.used > state.reading.meter.used;
    state.reading.meter = meter;
    state.changed = true;
    state.unguarded ||= effect.unguarded === true;
    if (grew) for (const event of thresholdsOf(state, now)) written.events.push(event);
  });
  for (const {
    meterIndex,
    quantity,
    kind,
    occurredAt,
    burns,
    actor,
    properties = null,
    reference = null,
  } of effect.entries ?? []) {
    const { featureId, windowStart } = states[meterIndex]!.reading;
    written.entries.push({
      id: newId(),
      customerId,
      featureId,
      windowStart,
      quantity,
      kind,
      occurredAt,
      actor: { kind: actor.kind, id: actor.id },
      properties,
      burns: burns.length > 0 ? burns : null,
      reference,
    });
    if (burns.length > 0) states[meterIndex]!.reading.burnt = [...states[meterIndex]!.reading.burnt, ...burns];
    if (reference !== null) known.counted.add(referenceName(customerId, reference));
  }
  for (const reservation of effect.reservations ?? []) {
    known.reservations.set(reservation.id, reservation);
    written.reservations.push(reservation);
  }
  // A command touches features of one product.
  const { productId } = entitlements[0]!.feature;
  if (effect.events) for (const event of effect.events) written.events.push({ ...event, productId });
}

/** Tells each threshold once in a window, whatever happens around it. */
function thresholdsOf(state: State, now: Date): NewEvent[] {
  const { meter, allowance, entitlement, customerId, windowStart } = state.reading;
  const limit = effectiveLimit(meter, allowance, now);
  if (limit === null || limit === 0) return [];
  if (meter.notified >= THRESHOLDS.at(-1)! || meter.used * 100 < limit * THRESHOLDS[0]!) return [];
  const reached = THRESHOLDS.filter((percent) => percent > meter.notified && meter.used * 100 >= limit * percent);
  if (reached.length === 0) return [];
  state.reading.meter = { ...meter, notified: reached.at(-1)! };
  return reached.map((percent) => ({
    type: 'usage.threshold_reached',
    subject: { type: 'customer', id: customerId },
    customerId,
    productId: entitlement.feature.productId,
    actor: SYSTEM_ACTOR,
    after: { feature: entitlement.feature.key, percent, limit, used: meter.used, windowStart },
  }));
}

function changeOf(now: Date): (state: State) => CounterChange {
  return ({ reading: { customerId, featureId, windowStart, meter, allowance, exists, stored }, unguarded }) => ({
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
  });
}

/** What was counted in windows of another kind becomes a line of this one, so that the ledger still sums up to the counter. */
function openingOf({ opening, customerId, featureId, windowStart }: MeterReading): LedgerEntry[] {
  if (opening === 0) return [];
  const common = { kind: 'opening' as const, actor: SYSTEM_ACTOR, properties: null, burns: null, reference: null };
  return [{ ...common, id: newId(), customerId, featureId, windowStart, quantity: opening, occurredAt: windowStart }];
}

/** What grants have paid is burnt from them, although nothing more was used. */
function coverageOf({ covered, customerId, featureId, windowStart }: MeterReading, now: Date): LedgerEntry[] {
  if (covered.length === 0) return [];
  const common = { kind: 'grant_coverage' as const, actor: SYSTEM_ACTOR, properties: null, reference: null };
  return [{ ...common, id: newId(), customerId, featureId, windowStart, quantity: 0, occurredAt: now, burns: covered }];
}

const expiryOf = (
  { id, customerId, quantity, expiresAt }: Reservation,
  { entitlement: { feature } }: MeterReading,
): NewEvent => ({
  type: 'reservation.expired',
  subject: { type: 'reservation', id },
  customerId,
  productId: feature.productId,
  actor: SYSTEM_ACTOR,
  after: { feature: feature.key, quantity },
  at: expiresAt,
});

/** One request for each counter that the commands touch, by the counter's name. */
function requestsOf(commands: (PreparedCommand | null)[]): Map<string, MeterRequest> {
  const requests = new Map<string, MeterRequest>();
  const seen = new Set<Entitlement>();
  for (const prepared of commands) {
    if (!prepared) continue;
    const { command, entitlements, holder } = prepared;
    command.meterRefs.forEach((touch, index) => {
      const entitlement = entitlements[index]!;
      // Most commands ask for what the one before has asked for.
      if (isPlain(touch) && seen.has(entitlement)) return;
      const request = requestOf(touch, entitlement, holder.customer.id);
      if (!request) return;
      const name = nameOf(request);
      if (request.withBurns || requests.get(name)?.withBurns !== true) requests.set(name, request);
      if (isPlain(touch)) seen.add(entitlement);
    });
  }
  return requests;
}

const isPlain = ({ at, windowStart, withBurns }: MeterRef): boolean =>
  at === undefined && windowStart === undefined && withBurns !== true;

/** A window that is named and happens to run now is the current one. null where nothing is counted. */
function requestOf(
  { at, windowStart, withBurns }: MeterRef,
  entitlement: Entitlement,
  customerId: string,
): MeterRequest | null {
  const current = windowStartOf({ customerId, entitlement });
  if (current === null) return null;
  const request = { customerId, entitlement, at, windowStart, withBurns };
  return windowStartOf(request)!.getTime() === current.getTime() ? { customerId, entitlement, withBurns } : request;
}

const nameOf = (request: MeterRequest): string =>
  counterName({
    customerId: request.customerId,
    featureId: request.entitlement.feature.id,
    windowStart: windowStartOf(request)!,
  });

/** The states of a transaction; that of a plain touch is found by its entitlement, without making its name again. */
class States {
  private readonly byName = new Map<string, State>();
  private readonly byEntitlement = new Map<Entitlement, State>();

  learn(readings: MeterReading[]): void {
    for (const reading of readings)
      this.byName.set(counterName(reading), { reading, unguarded: false, changed: false });
  }

  get(name: string): State | undefined {
    return this.byName.get(name);
  }

  of(touch: MeterRef, entitlement: Entitlement, customerId: string): State | undefined {
    const plain = isPlain(touch);
    const known = plain ? this.byEntitlement.get(entitlement) : undefined;
    if (known) return known;
    const request = requestOf(touch, entitlement, customerId);
    const state = request ? this.byName.get(nameOf(request)) : undefined;
    if (plain && state) this.byEntitlement.set(entitlement, state);
    return state;
  }

  changed(): State[] {
    return [...this.byName.values()].filter((state) => state.changed);
  }
}

const claimName = ({ caller, key }: { caller: string; key: string }): string => `${caller} ${key}`;
const referenceName = (customerId: string, reference: string): string => `${customerId} ${reference}`;

function situationOf(entitlement: Entitlement, state: State | undefined): MeterState & { burnt: Burn[] } {
  if (!state) return { entitlement, allowance: null, meter: null, burnt: [] };
  const { allowance, meter, burnt } = state.reading;
  return { entitlement, allowance, meter, burnt };
}

function noCustomer(): DomainError {
  return new DomainError('not_found', 'customer_not_found', 'There is no such customer.');
}
