import { Injectable } from '@nestjs/common';
import { Clock } from '@app/kernel';
import { TestClocksRepository } from './test-clocks.repository.js';

/** The present of each customer: that of its test clock, read each time, or the real one, at once. */
@Injectable()
export class CustomerTime {
  constructor(
    private readonly clock: Clock,
    private readonly clocks: TestClocksRepository,
  ) {}

  /** What those live by who have no clock of their own. */
  real(): Date {
    return this.clock.now();
  }

  of({ testClockId }: { testClockId: string | null }): Date | Promise<Date> {
    return testClockId === null ? this.clock.now() : this.onClock(testClockId);
  }

  private async onClock(id: string): Promise<Date> {
    const clock = await this.clocks.find(id);
    if (!clock) throw new Error('A customer lives by a clock that is not there.');
    return clock.now;
  }
}
