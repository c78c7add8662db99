import type { TestClock } from '@app/customers';
import { InstantField } from '../../http/input/fields.js';

export class CreateTestClockDto {
  /** Time of the clock. */
  @InstantField()
  now: string;
}

export class AdvanceTestClockDto {
  /** Target time, later than the current time of the clock. */
  @InstantField()
  to: string;
}

/** A clock that moves only when advanced. It sets the time of the customers created with it. */
export class TestClockDto {
  id: string;
  now: Date;
  createdAt: Date;

  static of({ id, now, createdAt }: TestClock): TestClockDto {
    return { id, now, createdAt };
  }
}

export class TestClockPageDto {
  data: TestClockDto[];
  hasMore: boolean;
  nextCursor: string | null;
}
