import { IsDateString } from 'class-validator';
import type { TestClock } from '@app/customers';

export class CreateTestClockDto {
  /** Where it stands. */
  @IsDateString({ strict: true })
  now: string;
}

export class AdvanceTestClockDto {
  /** Later than it stands. */
  @IsDateString({ strict: true })
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
