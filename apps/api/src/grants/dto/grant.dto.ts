import { Type } from 'class-transformer';
import { IsInt, IsOptional, Max, Min, ValidateNested } from 'class-validator';
import { ApiProperty } from '@nestjs/swagger';
import type { GrantOfFeature } from '@app/entitlements';
import { type Interval, INTERVALS } from '@app/kernel';
import {
  FeatureField,
  InstantField,
  IntervalField,
  ProductField,
  QuantityField,
  ReasonField,
} from '../../http/input/fields.js';
import { ListQuery } from '../../http/pagination/list.query.js';

const MAX_COUNT = Number.MAX_SAFE_INTEGER;

export class RecurrenceDto {
  @IntervalField()
  interval: Interval;

  /** Every so many intervals. @default 1 */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(1000)
  count?: number;

  /** Counted from here. Left out: from effectiveAt. */
  @InstantField({ optional: true })
  anchor?: string;
}

export class CreateGrantDto {
  @ProductField()
  product?: string;

  @FeatureField()
  feature: string;

  /** Units. */
  @QuantityField()
  quantity: number;

  /** The lowest is burnt first; among equals what expires first, then the oldest. @default 1 */
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(255)
  priority?: number;

  /** Left out: now. */
  @InstantField({ optional: true })
  effectiveAt?: string;

  /** Exclusive. Left out: never. */
  @InstantField({ optional: true })
  expiresAt?: string;

  /** Full again each time. */
  @IsOptional()
  @ValidateNested()
  @Type(() => RecurrenceDto)
  recurrence?: RecurrenceDto;

  /** What is left when the feature's window ends is kept, at least so much. @default 0 */
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(MAX_COUNT)
  rolloverMin?: number;

  /** And at most so much. Left out: all of it. */
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(MAX_COUNT)
  rolloverMax?: number;

  /** Kept in the audit log. */
  @ReasonField({ optional: true, nonEmpty: true })
  reason?: string;
}

export class GrantQueryDto extends ListQuery {
  @ProductField()
  product?: string;
}

export class GrantRecurrenceDto {
  @ApiProperty({ enum: INTERVALS })
  interval: Interval;
  count: number;
  anchor: Date;
}

/** Units given to one customer beside what the plan allows. What is left of them stands in the decision on the feature. */
export class GrantDto {
  id: string;
  feature: string;
  quantity: number;
  priority: number;
  effectiveAt: Date;
  expiresAt: Date | null;
  recurrence: GrantRecurrenceDto | null;
  rolloverMin: number;
  rolloverMax: number | null;
  reason: string | null;
  voidedAt: Date | null;
  createdAt: Date;

  static of({
    id,
    feature,
    quantity,
    priority,
    effectiveAt,
    expiresAt,
    recurrence,
    rolloverMin,
    rolloverMax,
    reason,
    voidedAt,
    createdAt,
  }: GrantOfFeature): GrantDto {
    return {
      id,
      feature,
      quantity,
      priority,
      effectiveAt,
      expiresAt,
      recurrence,
      rolloverMin,
      rolloverMax,
      reason,
      voidedAt,
      createdAt,
    };
  }
}

export class GrantPageDto {
  data: GrantDto[];
  hasMore: boolean;
  nextCursor: string | null;
}
