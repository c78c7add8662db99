import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsInt,
  IsOptional,
  IsString,
  IsUUID,
  Length,
  Max,
  Min,
  NotEquals,
} from 'class-validator';
import { ApiProperty } from '@nestjs/swagger';
import {
  CustomerField,
  FeatureField,
  InstantField,
  ProductField,
  PropertiesField,
  EntityField,
  QuantityField,
  ReasonField,
  ReportedValueField,
} from '../../http/input/fields.js';
import { Nested } from '../../http/input/nested.js';
import { ItemsOf } from '../../http/input/quick-check.js';
import { type CheckReport } from '@app/metering';
import { MAX_COUNT } from '@app/kernel';

export class UsageEventDto {
  /** Id from the sender: an event with the same id and customer is counted once. @example job-4711 */
  @IsString()
  @Length(1, 255)
  id: string;

  /** Key of the customer that used the feature. */
  @CustomerField({ nonEmpty: true })
  customer: string;

  /** Key of the feature. */
  @FeatureField()
  feature: string;

  /** Units that were used. Required unless `value` is given. */
  @QuantityField({ optional: true, example: 3 })
  quantity?: number;

  /** The entity of the customer that uses the units, such as a member or a project. */
  @EntityField()
  entity?: string;

  /**
   * The value of a feature that is not counted by the sum, in place of `quantity`: a number where it counts the latest
   * or the highest value, a text where it counts distinct values.
   */
  @ReportedValueField()
  value?: number | string;

  /** Counts in the window of this time; up to 92 days ago. Left out: now. */
  @InstantField({ optional: true })
  occurredAt?: string;

  @PropertiesField()
  properties?: Record<string, unknown>;
}

export class UsageEventsDto {
  @ProductField()
  product?: string;

  /** Up to 1,000 events; the results have the same order. */
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(1000)
  @Nested(() => UsageEventDto, { each: true })
  @ItemsOf(() => UsageEventDto)
  events: UsageEventDto[];
}

export class UsageEventResultDto {
  id: string;
  @ApiProperty({ enum: ['recorded', 'duplicate', 'rejected'] })
  status: 'recorded' | 'duplicate' | 'rejected';
  /** Error code of a rejected event. */
  code?: string;
}

/** One result for each event, in the order of the request. */
export class UsageEventResultsDto {
  results: UsageEventResultDto[];
}

export class CorrectionDto {
  /** Key of the customer. */
  @CustomerField({ nonEmpty: true })
  customer: string;

  @ProductField()
  product?: string;

  /** Key of a metered or credit feature. */
  @FeatureField()
  feature: string;

  /** Units to add; negative: units to take back, up to those that were used. @example -5 */
  @IsInt()
  @NotEquals(0)
  @Min(-MAX_COUNT)
  @Max(MAX_COUNT)
  quantity: number;

  /** The entity whose count is corrected too. */
  @EntityField()
  entity?: string;

  /** The distinct value to add (`quantity` 1) or take back (-1), where the feature counts distinct values. */
  @ReportedValueField({ example: 'device-7' })
  value?: number | string;

  /** Instant in the window to correct. Left out: the current window. */
  @InstantField({ optional: true })
  at?: string;

  /** Reason for the correction: stored in the audit log. */
  @ReasonField({ nonEmpty: true })
  reason: string;
}

export class VerifyUsageDto {
  /** Verify only this customer. */
  @CustomerField({ optional: true, nonEmpty: true })
  customer?: string;

  /**
   * Set wrong counters to the sum of their ledger.
   * @default false
   * @example true
   */
  @IsOptional()
  @IsBoolean()
  rebuild?: boolean;

  /**
   * Number of customers to verify.
   * @default 1000
   * @example 1000
   */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(10000)
  limit?: number;

  /**
   * The `after` of the previous response. Left out: from the first customer.
   * @example 019a8f3e-5c1d-7b42-9e06-3f7a2d8c4b15
   */
  @IsOptional()
  @IsUUID()
  after?: string;
}

export class MismatchDto {
  customer: string;
  feature: string;
  /** The entity whose counter differs; null: the counter of the customer. */
  entity: string | null;
  windowStart: Date;
  /** Used units by the counter. */
  used: number;
  /** Reserved units by the counter. */
  reserved: number;
  /** Sum of the ledger. */
  recorded: number;
  /** Sum of the open reservations. */
  held: number;
  /** Count by the reported values of the entity; null: the feature counts the sum. */
  reported: number | null;
}

/** Counters that differ from the sum of their ledger: none, unless the database was changed outside of the service. */
export class VerifyReportDto {
  /** Number of verified customers. */
  checked: number;
  mismatches: MismatchDto[];
  /** Number of rebuilt counters. */
  rebuilt: number;
  /** Pass as `after` to continue; null: all customers were verified. */
  after: string | null;

  static of({ checked, mismatches, rebuilt, after }: CheckReport): VerifyReportDto {
    const rows = mismatches.map(
      ({ customer, feature, entity, windowStart, used, reserved, recorded, held, reported }) => ({
        customer,
        feature,
        entity,
        windowStart,
        used,
        reserved,
        recorded,
        held,
        reported,
      }),
    );
    return { checked, mismatches: rows, rebuilt, after };
  }
}
