import { IsIn, IsOptional } from 'class-validator';
import { FeatureField, InstantField } from '../../http/input/fields.js';
import { ProductOnlyDto } from '../../plans/dto/plan.dto.js';

const DENIAL_STEPS = ['hour', 'day'] as const;

export class DenialStatsQueryDto extends ProductOnlyDto {
  /** Left out: all features. */
  @FeatureField({ optional: true })
  feature?: string;

  /** Left out: 30 days before "to". */
  @InstantField({ optional: true })
  from?: string;

  /** Exclusive; left out: now. */
  @InstantField({ optional: true })
  to?: string;

  /**
   * Length of a step.
   * @default day
   * @example day
   */
  @IsOptional()
  @IsIn(DENIAL_STEPS)
  by?: (typeof DENIAL_STEPS)[number];
}

/** Denied decisions on one feature for one reason in a step. */
export class DenialStepDto {
  /** Start of the step, in UTC. */
  start: Date;
  /** Key of the feature. */
  feature: string;
  /** Reason of the decisions, such as `limit_reached`. */
  reason: string;
  count: number;
}

export class DenialStatsDto {
  from: Date;
  to: Date;
  /** Steps with denials, oldest first. */
  data: DenialStepDto[];
}
