import { Injectable } from '@nestjs/common';
import {
  type CachedSnapshot,
  type Entitlement,
  EntitlementsService,
  EntitlementSnapshots,
  isValidAt,
} from '@app/entitlements';
import { Clock } from '@app/kernel';
import { type Connection, type Outcome, PipelinedDatabase, type PipelinedResult } from '@app/platform';
import type { UsageResult } from '../domain/usage-command.js';
import { customerNotFound, decideCommand, type PendingWrites } from './command-decision.js';
import { CountersRepository } from './counters.repository.js';
import { MeterReader } from './meter-reader.js';
import type { MeterReading } from './meter-reading.js';
import { completed, OpenedWindows, openingRequestsOf, readsOpenedWindows } from './opened-windows.js';
import { type ReadEntity, TransactionEntities } from './transaction-entities.js';
import { keyOf, meterRequestsOf, type PreparedCommand, TransactionMeters } from './transaction-meters.js';
import { UsageStore } from './usage-store.js';

/** An answer, an error, or `locked`: not tried, because another transaction has locked the customer. */
export type CommandOutcome = Outcome<UsageResult<unknown>> | 'locked';

export interface TransactionOptions {
  /** True: wait for customers that another transaction has locked. False: leave their commands undone. */
  wait: boolean;
}

/**
 * One short transaction for many commands. It locks their customers, reads their meters, lets each command decide in
 * memory, one after the other, and writes the results. A cached snapshot is used only if the version read under the
 * lock shows that it is still the newest.
 */
@Injectable()
export class UsageTransaction {
  constructor(
    private readonly counters: CountersRepository,
    private readonly store: UsageStore,
    private readonly meterReader: MeterReader,
    private readonly openedWindows: OpenedWindows,
    private readonly snapshots: EntitlementSnapshots,
    private readonly entitlements: EntitlementsService,
    private readonly pipeline: PipelinedDatabase,
    private readonly clock: Clock,
  ) {}

  /**
   * @returns one outcome for each command, in their order
   * @throws any error of the database: then nothing was written
   */
  run(commands: PreparedCommand[], options: TransactionOptions): Promise<CommandOutcome[]> {
    return this.pipeline.transaction((connection) => this.work(connection, commands, options));
  }

  private async work(
    connection: Connection,
    commands: PreparedCommand[],
    { wait }: TransactionOptions,
  ): Promise<PipelinedResult<CommandOutcome[]>> {
    const now = await this.present(connection, commands[0]!.snapshot);
    const customerIds = [...new Set(commands.map(({ command }) => command.customer.id))].sort();
    // The lock is sent first, so that every read after it sees what others have committed by then.
    const known = new Map<Entitlement, Entitlement>();
    const entities = new TransactionEntities();
    const [versions, { prepared, readings, readEntities }, earlier] = await Promise.all([
      this.counters.lock(connection, customerIds, !wait),
      this.readMeters(connection, commands, { now, known, entities }),
      this.store.readEarlier(connection, commands),
    ]);
    const refreshed = await this.refresh(connection, commands, { versions, now });
    const current =
      refreshed === commands ? prepared : await this.withOpenedWindows(connection, refreshed, { now, known });
    const meters = new TransactionMeters();
    meters.add(readings);
    const missing =
      current === prepared
        ? []
        : meterRequestsOf(current).filter(
            (request) => meters.get(keyOf(request))?.reading.entitlement !== request.entitlement,
          );
    if (missing.length > 0) meters.add(await this.meterReader.read(connection, missing, now));
    entities.add(readEntities, meters);
    if (current !== prepared)
      entities.add(await this.store.readEntities(connection, entities.missing(current)), meters);

    const pending: PendingWrites = { meters, entities, entries: [], reservations: [], events: [], replays: [] };
    const surroundings = { now, earlier, pending };
    const outcomes = current.map((prepared, index): CommandOutcome => {
      if (prepared !== null) return decideCommand(prepared, surroundings);
      return wait || versions.has(commands[index]!.command.customer.id) ? { error: customerNotFound() } : 'locked';
    });
    return { answer: outcomes, writes: this.store.write(connection, pending, { commands, now }) };
  }

  private async readMeters(
    connection: Connection,
    commands: PreparedCommand[],
    { entities, ...options }: { now: Date; known: Map<Entitlement, Entitlement>; entities: TransactionEntities },
  ): Promise<{ prepared: PreparedCommand[]; readings: MeterReading[]; readEntities: ReadEntity[] }> {
    const prepared = readsOpenedWindows(commands)
      ? await this.withOpenedWindows(connection, commands, options)
      : commands;
    const [readings, readEntities] = await Promise.all([
      this.meterReader.read(connection, meterRequestsOf(prepared), options.now),
      this.store.readEntities(connection, entities.missing(prepared)),
    ]);
    return { prepared, readings, readEntities };
  }

  /** Commands with the windows that first uses have opened. Needs the lock; `known` has the results so far. */
  private async withOpenedWindows<Command extends PreparedCommand | null>(
    connection: Connection,
    commands: Command[],
    { now, known }: { now: Date; known: Map<Entitlement, Entitlement> },
  ): Promise<Command[]> {
    const unknown = openingRequestsOf(commands).filter(({ entitlement }) => !known.has(entitlement));
    for (const [entitlement, complete] of await this.openedWindows.find(connection, unknown, now))
      known.set(entitlement, complete);
    return completed(commands, known);
  }

  /** All commands of a transaction share one present. */
  private present(connection: Connection, { customer: { testClockId } }: CachedSnapshot): Date | Promise<Date> {
    return testClockId === null ? this.clock.now() : this.counters.nowOnClock(connection, testClockId);
  }

  /**
   * Renews commands whose customer has changed, or whose window ended while they were queued.
   * @returns null in place of commands whose customer is locked by another transaction, or deleted
   */
  private async refresh(
    connection: Connection,
    commands: PreparedCommand[],
    { versions, now }: { versions: Map<string, number>; now: Date },
  ): Promise<(PreparedCommand | null)[]> {
    const stale = new Set<string>();
    let allCurrent = true;
    for (const { snapshot, entitlements } of commands) {
      const version = versions.get(snapshot.customer.id);
      if (version === snapshot.version) this.snapshots.markFresh(snapshot);
      else if (version !== undefined) stale.add(snapshot.customer.id);
      allCurrent &&= version === snapshot.version && entitlements.every((entitlement) => isValidAt(entitlement, now));
    }
    if (allCurrent) return commands;
    const fresh =
      stale.size > 0 ? await this.snapshots.refresh([...stale], connection) : new Map<string, CachedSnapshot>();
    return Promise.all(
      commands.map(async (prepared) => {
        const { snapshot, command } = prepared;
        if (!versions.has(snapshot.customer.id)) return null;
        const renewed = stale.has(snapshot.customer.id) ? fresh.get(snapshot.customer.id) : snapshot;
        if (!renewed) {
          this.snapshots.evict(snapshot);
          return null;
        }
        return {
          command,
          snapshot: renewed,
          entitlements: await Promise.all(
            command.meterRefs.map(({ feature }) => this.entitlements.resolve(renewed, command.product, feature)),
          ),
        };
      }),
    );
  }
}
