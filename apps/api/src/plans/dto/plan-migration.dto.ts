import type { PlanMigration } from '@app/subscriptions';
import { ProductField, ReasonField, WhenField } from '../../http/input/fields.js';

export class MovePlanDto {
  @ProductField()
  product?: string;

  /** `now`: immediately, prorated. `period_end`: each at its period end. */
  @WhenField()
  when: 'now' | 'period_end';

  /** Stored in the timeline of each subscription. */
  @ReasonField({ optional: true })
  reason?: string;
}

/** Live subscriptions on one version of a plan. */
export class VersionCountDto {
  version: number;
  /** Trialing, active, past due, paused, and canceled subscriptions that have not ended. */
  live: number;
}

export class VersionCountsDto {
  /** Versions with live subscriptions, oldest first. */
  versions: VersionCountDto[];
}

/** The migration of all live subscriptions of a plan to one version. */
export class PlanMoveDto {
  id: string;
  /** Target version. */
  version: number;
  when: 'now' | 'period_end';
  state: 'running' | 'done';
  /** Number of subscriptions on other versions at the start. */
  total: number;
  moved: number;
  /** Number of subscriptions left unchanged. */
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
