import { IsInt, IsOptional, Max, Min } from 'class-validator';
import { ApiProperty } from '@nestjs/swagger';
import type { GrantOfFeature } from '@app/entitlements';
import { type BalancedGrant, GRANT_STATUSES, type GrantBurn, type GrantStatus } from '@app/metering';
import { type Interval, INTERVALS, MAX_COUNT } from '@app/kernel';
import {
  FeatureField,
  InstantField,
  IntervalField,
  ProductField,
  QuantityField,
  ReasonField,
} from '../../http/input/fields.js';
import { Nested } from '../../http/input/nested.js';
import { ListQuery } from '../../http/pagination/list.query.js';

export class RecurrenceDto {
  /** Unit of the time between two fillings, on the calendar of the customer. */
  @IntervalField()
  interval: Interval;

  /**
   * Number of intervals between two fillings.
   * @default 1
   * @example 1
   */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(1000)
  count?: number;

  /** The instant from which intervals are counted. Default: `effectiveAt`. */
  @InstantField({ optional: true })
  anchor?: string;
}

export class CreateGrantDto {
  @ProductField()
  product?: string;

  /** Key of a metered or credit feature. */
  @FeatureField()
  feature: string;

  /** Units that the customer may use beside those of its plan. */
  @QuantityField({ example: 500 })
  quantity: number;

  /**
   * The lowest is burnt first; among equals the earliest expiry, then the oldest.
   * @default 1
   * @example 1
   */
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(255)
  priority?: number;

  /** When the units become available. Default: now. */
  @InstantField({ optional: true })
  effectiveAt?: string;

  /** When the units expire, exclusive. Default: never. */
  @InstantField({ optional: true })
  expiresAt?: string;

  /** Fill the grant again at each of these instants. Left out: it is filled once. */
  @IsOptional()
  @Nested(() => RecurrenceDto)
  recurrence?: RecurrenceDto;

  /**
   * The fewest units that the grant has after a window of the feature ends.
   * @default 0
   * @example 0
   */
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(MAX_COUNT)
  rolloverMin?: number;

  /** The most units that roll over when a window of the feature ends. Default: all. @example 100 */
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(MAX_COUNT)
  rolloverMax?: number;

  /** Stored in the audit log. */
  @ReasonField({ optional: true, nonEmpty: true })
  reason?: string;
}

export class GrantQueryDto extends ListQuery {
  @ProductField()
  product?: string;

  /** Only grants of this feature. */
  @FeatureField({ optional: true })
  feature?: string;
}

/** The page of the burns. */
export class BurnsQueryDto extends ListQuery {}

export class GrantRecurrenceDto {
  @ApiProperty({ enum: INTERVALS })
  interval: Interval;
  count: number;
  anchor: Date;
}

/** Units given to one customer beside the included units. */
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

/** A grant with what is left of it now, on the clock of the customer. */
export class GrantBalanceDto extends GrantDto {
  /** Units that can be burnt now; 0 unless the grant is active. */
  @ApiProperty({ type: 'integer', example: 420 })
  balance: number;
  /** Units burnt so far, in all recurrences, less those that corrections returned. */
  @ApiProperty({ type: 'integer', example: 80 })
  burnt: number;
  /** A recurring grant that is `used_up` is `active` again when it is filled. */
  @ApiProperty({ enum: GRANT_STATUSES, example: 'active' })
  status: GrantStatus;

  static override of(grant: BalancedGrant): GrantBalanceDto {
    const { balance, burnt, status } = grant;
    return { ...GrantDto.of(grant), balance, burnt, status };
  }
}

/** A ledger entry that burnt units of a grant, or returned them. */
export class GrantBurnDto {
  /** Id of the ledger entry. */
  @ApiProperty({ format: 'uuid' })
  id: string;
  /** `consume`, `event`, `commit`, `correction`, or `grant_coverage`: the grant covered earlier overage. */
  kind: string;
  /** Units burnt; negative: returned to the grant. */
  quantity: number;
  /** Start of the window of the usage. */
  windowStart: Date;
  occurredAt: Date;

  static of({ id, kind, quantity, windowStart, occurredAt }: GrantBurn): GrantBurnDto {
    return { id, kind, quantity, windowStart, occurredAt };
  }
}

export class GrantBurnPageDto {
  data: GrantBurnDto[];
  hasMore: boolean;
  nextCursor: string | null;
}

export class GrantWithBurnsDto extends GrantBalanceDto {
  /** Newest first. */
  burns: GrantBurnPageDto;
}

export class GrantPageDto {
  data: GrantBalanceDto[];
  hasMore: boolean;
  nextCursor: string | null;
}
