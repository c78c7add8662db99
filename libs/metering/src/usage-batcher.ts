import { Injectable } from '@nestjs/common';
import {
  Batcher,
  Config,
  Database,
  isRetryable,
  isUnavailable,
  isUniqueViolation,
  Metrics,
  type Outcome,
} from '@app/platform';
import type { UsageResult } from './usage-command.js';
import { type CommandOutcome, type PreparedCommand, UsageTransaction } from './usage-transaction.js';

type Result = UsageResult<unknown>;

/** Commands in one transaction at most, and those that may wait in one lane. */
const GROUP = { maxBatch: 256, maxQueued: 4_000 };
const MAX_ATTEMPTS = 3;

/**
 * Brings commands together: all that arrive while a lane's last transaction is under way share its next one. A lane is a set of
 * customers, so that one customer's commands are never in two transactions at once. A customer whom another instance holds gets a
 * lane of its own until it is free, so that nobody else waits for it.
 */
@Injectable()
export class UsageBatcher {
  private readonly lanes: Batcher<PreparedCommand, Result>[];
  private readonly group = {
    ...GROUP,
    onGroup: (size: number, waitedMs: number): void => {
      this.metrics.batchSize.observe(size);
      this.metrics.batchWait.observe(waitedMs / 1_000);
    },
  };
  private readonly held = new Map<string, Batcher<PreparedCommand, Result>>();

  constructor(
    private readonly transaction: UsageTransaction,
    private readonly database: Database,
    config: Config,
    private readonly metrics: Metrics,
  ) {
    this.lanes = Array.from(
      { length: config.usageLanes },
      () => new Batcher((commands) => this.flush(commands), this.group),
    );
  }

  /** @throws DomainError `overloaded`, and whatever the command refuses with */
  run<Answer>(prepared: PreparedCommand<Answer>): Promise<UsageResult<Answer>> {
    // What belongs to the caller's transaction must commit, or not, with the rest of it.
    const result = this.database.inTransaction ? this.alone(prepared) : this.laneOf(prepared).add(prepared);
    return result as Promise<UsageResult<Answer>>;
  }

  /** A transaction has one present: customers of test clocks share theirs with nobody. */
  private laneOf(prepared: PreparedCommand): Batcher<PreparedCommand, Result> {
    const { bucket, customer } = prepared.holder;
    return customer.testClockId === null ? this.lanes[bucket % this.lanes.length]! : this.ownLane(prepared);
  }

  private async alone(prepared: PreparedCommand): Promise<Result> {
    const [outcome] = await this.transaction.run([prepared], { wait: true });
    return unwrapOutcome(outcome!);
  }

  private async flush(commands: PreparedCommand[]): Promise<Outcome<Result>[]> {
    try {
      const ended = this.metrics.batchSeconds.startTimer();
      const outcomes = await this.transaction.run(commands, { wait: false });
      ended();
      return outcomes.map((outcome, index) =>
        outcome === 'held by another' ? { answer: this.ownLane(commands[index]!).add(commands[index]!) } : outcome,
      );
    } catch (error) {
      return this.afterFailure(commands, error);
    }
  }

  /** One that cannot be done must not keep the others from it: each is tried by itself. */
  private async afterFailure(commands: PreparedCommand[], error: unknown): Promise<Outcome<Result>[]> {
    if (isUnavailable(error) && !isRetryable(error) && !isLockTimeout(error)) {
      // Those who wait behind would only wait for the same.
      for (const lane of this.lanes) lane.rejectWaiting(error);
      throw error;
    }
    const outcomes: Outcome<Result>[] = [];
    for (const command of commands) outcomes.push(await this.single(command));
    return outcomes;
  }

  private async single(command: PreparedCommand): Promise<Outcome<Result>> {
    for (let attempt = 1; ; attempt++) {
      try {
        return { answer: unwrapOutcome((await this.transaction.run([command], { wait: true }))[0]!) };
      } catch (error) {
        if (attempt >= MAX_ATTEMPTS || !(isRetryable(error) || isOvertaken(error))) return { error };
      }
    }
  }

  private ownLane({ holder }: PreparedCommand): Batcher<PreparedCommand, Result> {
    const { id } = holder.customer;
    const existing = this.held.get(id);
    if (existing) return existing;
    const lane = new Batcher<PreparedCommand, Result>((commands) => this.waiting(commands), this.group);
    this.held.set(id, lane);
    // Asked once the first has been added.
    setImmediate(() => void lane.drained().then(() => this.held.delete(id)));
    return lane;
  }

  private async waiting(commands: PreparedCommand[]): Promise<Outcome<Result>[]> {
    try {
      return (await this.transaction.run(commands, { wait: true })) as Outcome<Result>[];
    } catch (error) {
      if (!isLockTimeout(error)) return this.afterFailure(commands, error);
      // Those who wait behind would only wait for the same.
      this.held.get(commands[0]!.holder.customer.id)?.rejectWaiting(error);
      throw error;
    }
  }
}

/** Another transaction was first to use the same Idempotency-Key, or the same id of an event, for another customer or on another instance. */
const isOvertaken = (error: unknown): boolean =>
  isUniqueViolation(error, 'idempotency_keys_pkey') || isUniqueViolation(error, 'usage_ledger_reference');

const isLockTimeout = (error: unknown): boolean => (error as { code?: string }).code === '55P03';

function unwrapOutcome(outcome: CommandOutcome): Result {
  if (outcome === 'held by another') throw new Error('A command that waits is never left undone.');
  if ('error' in outcome) throw outcome.error;
  return outcome.answer as Result;
}
