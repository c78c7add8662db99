import { Injectable } from '@nestjs/common';
import { TestClocksService } from '@app/customers';
import { Clock } from '@app/kernel';
import { Database } from '@app/platform';
import { dueAt } from './domain/time.js';
import { DueTransitions } from './due-transitions.js';
import { SubscriptionsRepository } from './subscriptions.repository.js';

/** Subscriptions per transaction: enough to share its cost, few enough to hold locks briefly. */
const BATCH = 200;
/** Steps per transaction of a test clock that advances by years. */
const MAX_STEPS = 5_000;

/** Stores due transitions. Reads do not wait for it: they derive the same state. */
@Injectable()
export class DueSubscriptionsService {
  constructor(
    private readonly subscriptions: SubscriptionsRepository,
    private readonly dueTransitions: DueTransitions,
    private readonly clocks: TestClocksService,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /**
   * Applies due transitions in SKIP LOCKED batches until no unlocked subscription is due.
   * Any number of workers may run it concurrently, and any may die: each transition is applied exactly once.
   * @returns the number of subscriptions updated
   * @example const updated = await dueSubscriptions.processDue();
   */
  async processDue(): Promise<number> {
    for (let swept = 0; ;) {
      const batch = await this.applyingDue(async () => {
        const now = this.clock.now();
        const due = await this.subscriptions.lockDue(now, BATCH);
        await this.dueTransitions.apply(due, now);
        return due.length;
      });
      swept += batch;
      if (batch < BATCH) return swept;
    }
  }

  /** The earliest due instant of all subscriptions, in the past or future. */
  oldestDue(): Promise<Date | null> {
    return this.subscriptions.oldestDue();
  }

  /** The earliest due instant of the subscriptions of one test clock; null when none is due. */
  nextDueOnClock(clockId: string): Promise<Date | null> {
    return this.subscriptions.nextDueOnClock(clockId);
  }

  /**
   * Advances a test clock; everything due until then happens in order. Completed steps stay if it is interrupted; the
   * next call continues from there.
   * @throws DomainError `test_clock_not_found`, `test_clock_advancing`, `invalid_fields`
   * @example await dueSubscriptions.advanceTestClock(clock.id, new Date('2027-01-01T00:00:00Z'));
   */
  async advanceTestClock(clockId: string, to: Date): Promise<void> {
    for (let reached: Date | null = null; reached === null || reached < to;) {
      reached = await this.applyingDue(async () => {
        await this.clocks.lockToAdvance(clockId, to);
        const due = await this.subscriptions.lockDueOnClock(clockId, to, BATCH + 1);
        // A subscription that did not fit is due here at the earliest, so nothing before is missed.
        const [next] = due.splice(BATCH);
        const { horizon } = await this.dueTransitions.apply(due, next ? dueAt(next)! : to, MAX_STEPS);
        await this.clocks.moveTo(clockId, horizon);
        return horizon;
      });
    }
  }

  private applyingDue<T>(work: () => Promise<T>): Promise<T> {
    return this.database.transaction(async () => {
      await this.database.write(`select set_config('tollgate.settling', 'on', true)`);
      return work();
    });
  }
}
