import { Injectable } from '@nestjs/common';
import { type TestClock, TestClocksService } from '@app/customers';
import type { Actor, ScopeFilter } from '@app/kernel';
import { MeteringService } from '@app/metering';
import { DueSubscriptionsService } from '@app/subscriptions';

/** Advances a test clock for the subscriptions and reservations of its customers. */
@Injectable()
export class AdvanceClockOperation {
  constructor(
    private readonly clocks: TestClocksService,
    private readonly time: DueSubscriptionsService,
    private readonly metering: MeteringService,
  ) {}

  /**
   * Answers when everything that was due until then has been done.
   * @throws DomainError `test_clock_not_found`, `test_clock_advancing`, `invalid_fields`
   */
  async advance(id: string, to: Date, scope: ScopeFilter, actor: Actor): Promise<TestClock> {
    const before = await this.clocks.get(id, scope);
    await this.time.advanceTestClock(id, to);
    // Each call stores one batch: all that are due must be stored before the answer.
    while ((await this.metering.expireReservations()) > 0);
    const after = await this.clocks.get(id, scope);
    await this.clocks.recordAdvance(before, after, actor);
    return after;
  }
}
