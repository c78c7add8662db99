import { Injectable, Logger } from '@nestjs/common';
import { Database, Metrics } from '@app/platform';
import { BilledSubscriptionsRepository } from './billed-subscriptions.repository.js';

/**
 * A part of billing that acts by time: folding events, finalizing, collecting, dunning. Each is exactly once with any
 * number of workers. Registered in `BillingRun` by its own `onModuleInit`.
 */
export abstract class BillingStep {
  /** Does one batch of what is due in real time. @returns the number of objects processed; 0: nothing was due */
  abstract runDue(): Promise<number>;

  /**
   * Does what is due on a test clock at `now`, which the clock shows. @returns the number of objects processed; it is
   * called again until all steps return 0
   */
  abstract runOnClock(clockId: string, now: Date): Promise<number>;

  /** The next instant at which the step has something to do on the clock; null when nothing is foreseen. */
  abstract nextOnClock(clockId: string): Promise<Date | null>;
}

/** A batch of locked objects that a step processes. */
export interface BillingBatch<T> {
  /** As in the log and the metric of failed jobs. */
  job: string;
  items: T[];
  idOf: (item: T) => string;
  process: (items: T[]) => Promise<unknown>;
  /** Makes an item due later that cannot be processed now. */
  postpone: (item: T) => Promise<unknown>;
}

/** An object that cannot be processed is tried again after this. Milliseconds. */
const RETRY_MS = 900_000;
/** The same on a test clock: an advance by years has no more retries than days. */
const RETRY_ON_CLOCK_MS = 86_400_000;
/** When an object is tried again that cannot be processed at `now`. */
export const retryAt = (now: Date, { onClock = false } = {}): Date =>
  new Date(now.getTime() + (onClock ? RETRY_ON_CLOCK_MS : RETRY_MS));

/** Passes per instant of a test clock. More means that two steps cause each other without end. */
const MAX_PASSES = 200;

/** Runs the steps of billing: in batches for jobs, and to the end of an instant for test clocks. */
@Injectable()
export class BillingRun {
  private readonly logger = new Logger('Billing');
  private readonly steps: BillingStep[] = [];

  constructor(
    private readonly positions: BilledSubscriptionsRepository,
    private readonly database: Database,
    private readonly metrics: Metrics,
  ) {}

  /** Adds a step. Called at the start. */
  register(step: BillingStep): void {
    this.steps.push(step);
  }

  /**
   * Runs one batch of each step in real time, and bills test clocks with new events at the time that they show. A step
   * or a clock that fails does not stop the others.
   * @returns true while something was due
   * @throws the first error, after all others have run
   */
  async runDue(): Promise<boolean> {
    let processed = 0;
    const errors: unknown[] = [];
    const attempt = (work: () => Promise<unknown>): Promise<unknown> => work().catch((error) => errors.push(error));
    for (const step of this.steps) await attempt(async () => (processed += await step.runDue()));
    for (const { id, now } of await this.positions.dueClocks()) await attempt(() => this.settleClock(id, now));
    if (errors.length > 0) throw errors[0];
    return processed > 0;
  }

  /**
   * Processes a batch in the running transaction. When it fails, its items are processed one by one, and those that
   * fail alone are logged, counted and postponed: one object never stops the others.
   */
  async isolate<T>({ job, items, idOf, process, postpone }: BillingBatch<T>): Promise<void> {
    if (items.length === 0 || (await this.database.attempt(() => process(items))) === null) return;
    for (const item of items) {
      const error = await this.database.attempt(() => process([item]));
      if (error === null) continue;
      this.reportFailure(job, idOf(item), error);
      await postpone(item);
    }
  }

  /** Logs and counts an object that a step cannot process now. */
  reportFailure(job: string, id: string, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.logger.error({ message: `Job "${job}" cannot process an object; will retry`, id, reason });
    this.metrics.jobFailures.inc({ job });
  }

  /** True when something on the test clock is billed: it advances step by step then. */
  isOnClock(clockId: string): Promise<boolean> {
    return this.positions.isOnClock(clockId);
  }

  /**
   * Does everything of billing that is due on a test clock at `now`, which the clock shows.
   * @example await run.settleClock(clock.id, clock.now);
   */
  async settleClock(clockId: string, now: Date): Promise<void> {
    for (let pass = 0; pass < MAX_PASSES; pass++) {
      let processed = 0;
      for (const step of this.steps) processed += await step.runOnClock(clockId, now);
      if (processed === 0) return;
    }
    throw new Error(`Billing of the test clock ${clockId} does not come to rest at ${now.toISOString()}.`);
  }

  /** The next instant at which billing has something to do on the clock; null when nothing is foreseen. */
  async nextOnClock(clockId: string): Promise<Date | null> {
    let next: Date | null = null;
    for (const step of this.steps) {
      const at = await step.nextOnClock(clockId);
      if (at && (!next || at < next)) next = at;
    }
    return next;
  }
}
