import { Injectable } from '@nestjs/common';
import { TestClocksService } from '@app/customers';
import { Clock } from '@app/kernel';
import { Database } from '@app/platform';
import { dueAt } from './domain/time.js';
import { DueTransitions } from './due-transitions.js';
import { SubscriptionsRepository } from './subscriptions.repository.js';

/** Subscriptions in one transaction: enough to share its cost, few enough to hold nobody up. */
const BATCH = 200;
/** Steps in one transaction of a clock that is moved through years. */
const MAX_STEPS = 5_000;

/** Writes down what time has done. Nothing waits for it: every reader derives the same. */
@Injectable()
export class DueSubscriptionsService {
  constructor(
    private readonly subscriptions: SubscriptionsRepository,
    private readonly settlement: DueTransitions,
    private readonly clocks: TestClocksService,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /**
   * Settles due subscriptions, a batch at a time, until none is left that another worker does not hold.
   * Any number of workers may run it at once, and any of them may die: each action is done exactly once.
   * @returns how many subscriptions were brought up to date.
   */
  async processDue(): Promise<number> {
    for (let swept = 0; ;) {
      const batch = await this.settling(async () => {
        const now = this.clock.now();
        const due = await this.subscriptions.lockDue(now, BATCH);
        await this.settlement.apply(due, now);
        return due.length;
      });
      swept += batch;
      if (batch < BATCH) return swept;
    }
  }

  /** The earliest instant at which one is due that waits for a sweep; it may be to come. */
  oldestDue(): Promise<Date | null> {
    return this.subscriptions.oldestDue();
  }

  /**
   * Moves a test clock to a later instant, through everything that is due until then, in its order. What is done stays done if
   * it does not get to the end; asking again goes on from there.
   * @throws DomainError `test_clock_not_found`, `test_clock_advancing`, `invalid_fields`
   */
  async advanceTestClock(clockId: string, to: Date): Promise<void> {
    for (let reached: Date | null = null; reached === null || reached < to;) {
      reached = await this.settling(async () => {
        await this.clocks.lockToAdvance(clockId, to);
        const due = await this.subscriptions.lockDueOnClock(clockId, to, BATCH + 1);
        // One that does not fit is due here at the earliest: so far nothing is missed.
        const [next] = due.splice(BATCH);
        const { horizon } = await this.settlement.apply(due, next ? dueAt(next)! : to, MAX_STEPS);
        await this.clocks.moveTo(clockId, horizon);
        return horizon;
      });
    }
  }

  private settling<T>(work: () => Promise<T>): Promise<T> {
    return this.database.transaction(async () => {
      await this.database.write(`select set_config('tollgate.settling', 'on', true)`);
      return work();
    });
  }
}
