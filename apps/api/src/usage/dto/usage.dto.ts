import { ArrayMaxSize, ArrayMinSize, IsArray, IsDateString, IsIn, IsInt, IsObject, IsOptional, IsString, Length, Max, MaxLength, Min } from 'class-validator';
import { ApiProperty } from '@nestjs/swagger';
import { FEATURE_TYPES, type FeatureType } from '@app/catalog';
import type { Decision, SeriesStep, UsageSeries } from '@app/metering';

const MOST = Number.MAX_SAFE_INTEGER;

export class CheckDto {
  /** Key of the customer; people may leave it out or say "me". */
  @IsOptional()
  @IsString()
  @MaxLength(128)
  customer?: string;

  @IsOptional()
  @IsString()
  @MaxLength(64)
  product?: string;

  /** One feature, or else features. */
  @IsOptional()
  @IsString()
  @Length(1, 64)
  feature?: string;

  /** Several features; the answer is then a list of decisions in this order. */
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(100)
  @IsString({ each: true })
  @Length(1, 64, { each: true })
  features?: string[];

  /** Units, with one feature. @default 1 */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MOST)
  quantity?: number;
}

export class ConsumeDto {
  /** Key of the customer; people may leave it out or say "me". */
  @IsOptional()
  @IsString()
  @MaxLength(128)
  customer?: string;

  @IsOptional()
  @IsString()
  @MaxLength(64)
  product?: string;

  @IsString()
  @Length(1, 64)
  feature: string;

  /** Units. @default 1 */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MOST)
  quantity?: number;

  /** Anything worth keeping with the usage, 10 kB at most. */
  @IsOptional()
  @IsObject()
  properties?: Record<string, unknown>;
}

export class DecisionSourceDto {
  kind: 'plan';
  plan: string;
  version: number;
}

/** May this customer do this now, and how much is left. A denial is an answer, not an error. */
export class DecisionDto implements Decision {
  allowed: boolean;
  /** null when allowed. */
  @ApiProperty({
    type: String,
    nullable: true,
    enum: ['limit_reached', 'no_subscription', 'subscription_expired', 'subscription_paused', 'past_due', 'feature_not_in_plan', 'feature_disabled', null],
  })
  reason: Decision['reason'];
  customer: string;
  feature: string;
  @ApiProperty({ enum: FEATURE_TYPES })
  type: FeatureType;
  /** Units asked for. */
  requested: number;
  /** null: unlimited. Absent for features that are not counted and where nothing is granted. */
  limit?: number | null;
  used?: number;
  reserved?: number;
  /** null: unlimited. */
  remaining?: number | null;
  /** Units used beyond the limit. */
  overage?: number;
  windowStart?: string | null;
  /** null: never. */
  resetsAt?: string | null;
  /** What a boolean or static feature is set to. */
  @ApiProperty({ required: false, oneOf: [{ type: 'string' }, { type: 'number' }, { type: 'boolean' }] })
  value?: string | number | boolean;
  source: DecisionSourceDto | null;
  asOf: string;
}

export class DecisionListDto {
  data: DecisionDto[];
}

export class UsageQueryDto {
  @IsOptional()
  @IsString()
  @MaxLength(64)
  product?: string;

  @IsString()
  @Length(1, 64)
  feature: string;

  /** Left out: 30 days before "to". */
  @IsOptional()
  @IsDateString({ strict: true })
  from?: string;

  /** Exclusive; left out: now. */
  @IsOptional()
  @IsDateString({ strict: true })
  to?: string;

  /** Steps follow the customer's zone. @default day */
  @IsOptional()
  @IsIn(['hour', 'day', 'month'])
  by?: SeriesStep;
}

export class UsageStepDto {
  start: Date;
  /** Units. */
  quantity: number;
}

/** Units used over time; steps without usage are left out. */
export class UsageSeriesDto implements UsageSeries {
  feature: string;
  by: SeriesStep;
  from: Date;
  to: Date;
  timezone: string;
  total: number;
  data: UsageStepDto[];
}
