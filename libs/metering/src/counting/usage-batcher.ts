import { Injectable } from '@nestjs/common';
import {
  Batcher,
  type BatcherOptions,
  Config,
  Database,
  isRetryable,
  isUnavailable,
  isUniqueViolation,
  Metrics,
  type Outcome,
} from '@app/platform';
import type { UsageResult } from '../domain/usage-command.js';
import type { PreparedCommand } from './transaction-meters.js';
import { type CommandOutcome, UsageTransaction } from './usage-transaction.js';

type Result = UsageResult<unknown>;

/**
 * The most commands in one transaction, and queued for one shard. A request may have 1,000 commands, which stay queued
 * when its caller leaves: there is room for ten of them, about one second of counting.
 */
const GROUP = { maxBatch: 256, maxQueued: 10_000 };
const MAX_ATTEMPTS = 3;

/**
 * Group commit: commands that arrive during a shard's transaction are queued and share its next one. A shard is a set
 * of customers, so the commands of one customer are never in two transactions concurrently. A customer that another
 * instance has locked gets a separate queue until the lock is free, so that no other customer waits for it.
 */
@Injectable()
export class UsageBatcher {
  private readonly shards: Batcher<PreparedCommand, Result>[];
  private readonly group: BatcherOptions = {
    ...GROUP,
    onFlush: (size: number, waitedMs: number): void => {
      this.metrics.batchSize.observe(size);
      this.metrics.batchWait.observe(waitedMs / 1_000);
    },
  };
  /** Queues of single customers, by id. */
  private readonly customerQueues = new Map<string, Batcher<PreparedCommand, Result>>();

  constructor(
    private readonly transaction: UsageTransaction,
    private readonly database: Database,
    config: Config,
    private readonly metrics: Metrics,
  ) {
    this.shards = Array.from(
      { length: config.usageShards },
      () => new Batcher((commands) => this.flush(commands), this.group),
    );
  }

  /** @throws DomainError `overloaded`, and the error that the command refuses with */
  run<Answer>(prepared: PreparedCommand<Answer>): Promise<UsageResult<Answer>> {
    // Inside a caller's transaction the command must commit, or not, together with the rest of it.
    const result = this.database.inTransaction ? this.runInCallersTransaction(prepared) : this.enqueue(prepared);
    return result as Promise<UsageResult<Answer>>;
  }

  /** A transaction has one present, so each customer of a test clock has a separate queue. */
  private enqueue(prepared: PreparedCommand): Promise<Result> {
    const { bucket, customer } = prepared.snapshot;
    const queue =
      customer.testClockId === null ? this.shards[bucket % this.shards.length]! : this.customerQueue(customer.id);
    return queue.add(prepared);
  }

  private async runInCallersTransaction(prepared: PreparedCommand): Promise<Result> {
    const [outcome] = await this.transaction.run([prepared], { wait: true });
    return unwrapOutcome(outcome!);
  }

  private async flush(commands: PreparedCommand[]): Promise<Outcome<Result>[]> {
    try {
      const stopTimer = this.metrics.batchSeconds.startTimer();
      const outcomes = await this.transaction.run(commands, { wait: false });
      stopTimer();
      return outcomes.map((outcome, index) => {
        if (outcome !== 'locked') return outcome;
        const command = commands[index]!;
        return { answer: this.customerQueue(command.snapshot.customer.id).add(command) };
      });
    } catch (error) {
      return this.afterFailure(commands, error);
    }
  }

  /** Retries each command alone, so that one that always fails does not affect the others. */
  private async afterFailure(commands: PreparedCommand[], error: unknown): Promise<Outcome<Result>[]> {
    if (isUnavailable(error) && !isRetryable(error) && !isLockTimeout(error)) {
      // Queued commands would wait for the same failure.
      for (const shard of this.shards) shard.rejectQueued(error);
      throw error;
    }
    const outcomes: Outcome<Result>[] = [];
    for (const command of commands) outcomes.push(await this.runAlone(command));
    return outcomes;
  }

  private async runAlone(command: PreparedCommand): Promise<Outcome<Result>> {
    for (let attempt = 1; ; attempt++) {
      try {
        return { answer: unwrapOutcome((await this.transaction.run([command], { wait: true }))[0]!) };
      } catch (error) {
        if (attempt >= MAX_ATTEMPTS || !(isRetryable(error) || isOvertaken(error))) return { error };
      }
    }
  }

  private customerQueue(customerId: string): Batcher<PreparedCommand, Result> {
    const existing = this.customerQueues.get(customerId);
    if (existing) return existing;
    const queue = new Batcher<PreparedCommand, Result>((commands) => this.flushLocked(commands), this.group);
    this.customerQueues.set(customerId, queue);
    // Deferred, so that the first command is queued before the queue is checked for being empty.
    setImmediate(() => void queue.drained().then(() => this.customerQueues.delete(customerId)));
    return queue;
  }

  /** Waits for the lock of a customer that another transaction had locked. */
  private async flushLocked(commands: PreparedCommand[]): Promise<Outcome<Result>[]> {
    try {
      return (await this.transaction.run(commands, { wait: true })) as Outcome<Result>[];
    } catch (error) {
      if (!isLockTimeout(error)) return this.afterFailure(commands, error);
      // Queued commands would wait for the same lock.
      this.customerQueues.get(commands[0]!.snapshot.customer.id)?.rejectQueued(error);
      throw error;
    }
  }
}

/** Rows that another transaction may have inserted first: for another customer, or on another instance. */
const CONTENDED = [
  'idempotency_keys_pkey',
  'usage_ledger_reference',
  'usage_names_unique',
  'usage_entity_counters_pkey',
];
const isOvertaken = (error: unknown): boolean => CONTENDED.some((constraint) => isUniqueViolation(error, constraint));

const isLockTimeout = (error: unknown): boolean => (error as { code?: string }).code === '55P03';

function unwrapOutcome(outcome: CommandOutcome): Result {
  if (outcome === 'locked') throw new Error('A command that waits for the lock must have an outcome.');
  if ('error' in outcome) throw outcome.error;
  return outcome.answer as Result;
}
