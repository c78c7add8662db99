import { Injectable } from '@nestjs/common';
import { Clock } from '@app/kernel';
import { TestClocksRepository } from './test-clocks.repository.js';

/**
 * The current time of each customer: of its test clock, or real time. Real time needs no database read and is returned
 * without a promise; a test clock is read each time, because it may have been advanced.
 */
@Injectable()
export class CustomerTime {
  constructor(
    private readonly clock: Clock,
    private readonly clocks: TestClocksRepository,
  ) {}

  /** Real time: the current time of every customer without a test clock. @example time.real() */
  real(): Date {
    return this.clock.now();
  }

  /**
   * The current time of one customer.
   * @throws Error when the test clock does not exist; a foreign key prevents it
   * @example const now = await time.of(customer)
   */
  of({ testClockId }: { testClockId: string | null }): Date | Promise<Date> {
    return testClockId === null ? this.clock.now() : this.onClock(testClockId);
  }

  private async onClock(id: string): Promise<Date> {
    const clock = await this.clocks.find(id);
    if (!clock) throw new Error(`The customer's test clock ${id} does not exist.`);
    return clock.now;
  }
}
