import { IsIn, IsOptional, IsString, MaxLength } from 'class-validator';
import type { PlanMigration } from '@app/subscriptions';

export class MovePlanDto {
  @IsOptional()
  @IsString()
  @MaxLength(64)
  product?: string;

  /** now: at once, prorated; period_end: each at the end of its own period. */
  @IsIn(['now', 'period_end'])
  when: 'now' | 'period_end';

  /** Kept in every timeline. */
  @IsOptional()
  @IsString()
  @MaxLength(500)
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
