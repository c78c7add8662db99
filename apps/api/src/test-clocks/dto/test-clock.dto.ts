import type { TestClock } from '@app/customers';
import { InstantField } from '../../http/input/fields.js';

export class CreateTestClockDto {
  /** Where it stands. */
  @InstantField()
  now: string;
}

export class AdvanceTestClockDto {
  /** Later than it stands. */
  @InstantField()
  to: string;
}

/** A clock that stands still until it is moved; customers made with it live by it. */
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
