import type { PlanMigration } from '@app/subscriptions';
import { ProductField, ReasonField, WhenField } from '../../http/input/fields.js';

export class MovePlanDto {
  @ProductField()
  product?: string;

  /** now: at once, prorated; period_end: each at the end of its own period. */
  @WhenField()
  when: 'now' | 'period_end';

  /** Kept in every timeline. */
  @ReasonField({ optional: true })
  reason?: string;
}

/** All live subscriptions of a plan on their way to one of its versions. */
export class PlanMoveDto {
  id: string;
  /** Where they go. */
  version: number;
  when: 'now' | 'period_end';
  state: 'running' | 'done';
  /** How many were on other versions when it began. */
  total: number;
  moved: number;
  /** Left as they were. */
  skipped: number;
  createdAt: Date;
  finishedAt: Date | null;

  static of({
    id,
    version,
    atPeriodEnd,
    state,
    total,
    moved,
    skipped,
    createdAt,
    finishedAt,
  }: PlanMigration): PlanMoveDto {
    return {
      id,
      version,
      when: atPeriodEnd ? 'period_end' : 'now',
      state,
      total,
      moved,
      skipped,
      createdAt,
      finishedAt,
    };
  }
}
