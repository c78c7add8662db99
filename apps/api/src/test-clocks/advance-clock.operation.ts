import { Injectable } from '@nestjs/common';
import { BillingAnnouncements, BillingRun } from '@app/billing';
import { type TestClock, TestClocksService } from '@app/customers';
import type { Actor, ScopeFilter } from '@app/kernel';
import { MeteringService } from '@app/metering';
import { Idempotency, type IdempotentRequest } from '@app/platform';
import { DueSubscriptionsService } from '@app/subscriptions';

/** The caller of an advance, and its Idempotency-Key. */
export interface AdvanceRequest {
  scope: ScopeFilter;
  actor: Actor;
  once?: IdempotentRequest;
}

/** A clock that shows the requested time, and whether an earlier request with the same Idempotency-Key began it. */
export interface AdvancedClock {
  answer: TestClock;
  replayed: boolean;
}

/** Advances a test clock for the subscriptions, invoices and reservations of its customers. */
@Injectable()
export class AdvanceClockOperation {
  constructor(
    private readonly clocks: TestClocksService,
    private readonly time: DueSubscriptionsService,
    private readonly metering: MeteringService,
    private readonly billing: BillingRun,
    private readonly announcements: BillingAnnouncements,
    private readonly idempotency: Idempotency,
  ) {}

  /**
   * Answers when everything that was due until then has been done. Each instant commits separately, because payment
   * providers are called at some. Only the begin is stored with an Idempotency-Key: a repetition continues after a
   * failure.
   * @throws DomainError `test_clock_not_found`, `test_clock_advancing`, `invalid_fields`
   */
  async advance(id: string, to: Date, { scope, actor, once }: AdvanceRequest): Promise<AdvancedClock> {
    const replayed = once ? await this.begin(id, to, { scope, once }) : false;
    const clock = await this.clocks.get(id, scope);
    if (replayed && to <= clock.now) return { answer: { ...clock, now: to }, replayed };
    return { answer: await this.advanceNow(clock, to, { scope, actor }), replayed };
  }

  /** @returns true for a repetition */
  private async begin(
    id: string,
    to: Date,
    { scope, once }: { scope: ScopeFilter; once: IdempotentRequest },
  ): Promise<boolean> {
    const { replayed } = await this.idempotency.run(once, async () => {
      await this.clocks.get(id, scope);
      await this.clocks.lockToAdvance(id, to);
      return { status: 200, body: null };
    });
    return replayed;
  }

  private async advanceNow(before: TestClock, to: Date, { scope, actor }: AdvanceRequest): Promise<TestClock> {
    const { id } = before;
    if (to > before.now && (await this.billing.isOnClock(id))) await this.advanceBySteps(before, to);
    else await this.time.advanceTestClock(id, to);
    // Each call stores one batch: all that are due must be stored before the answer.
    while ((await this.metering.expireReservations()) > 0);
    const after = await this.clocks.get(id, scope);
    await this.clocks.recordAdvance(before, after, actor);
    return after;
  }

  /**
   * Stops at each instant at which something is due, and bills it there: a payment that fails on one day decides about
   * the events of the next.
   */
  private async advanceBySteps({ id, now: from }: TestClock, to: Date): Promise<void> {
    await this.announcements.noteOnClock(id);
    await this.billing.settleClock(id, from);
    for (let now = from; now < to;) {
      const dueAt = [await this.time.nextDueOnClock(id), await this.billing.nextOnClock(id)];
      now = dueAt.reduce<Date>((next, at) => (at && at > now && at < next ? at : next), to);
      await this.time.advanceTestClock(id, now);
      await this.billing.settleClock(id, now);
    }
  }
}
