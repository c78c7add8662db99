import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  IsUUID,
  Length,
  Max,
  Min,
  NotEquals,
  ValidateNested,
} from 'class-validator';
import { ApiProperty, ApiPropertyOptional, type ApiPropertyOptions } from '@nestjs/swagger';
import { FEATURE_TYPES, type FeatureType } from '@app/catalog';
import {
  CustomerField,
  FeatureField,
  InstantField,
  ProductField,
  EntityField,
  QuantityField,
  ReasonField,
  ReportedValueField,
} from '../../http/input/fields.js';
import { ItemsOf } from '../../http/input/quick-check.js';
import { ListQuery } from '../../http/pagination/list.query.js';
import {
  type CheckReport,
  type Decision,
  type EntityUsage,
  type FeatureOverage,
  type WindowOverage,
  CUSTOMER_STEPS,
  type CustomerStep,
  SERIES_STEPS,
  type SeriesStep,
  type UsageSeries,
} from '@app/metering';
import { ProductOnlyDto, TERM_VALUE } from '../../plans/dto/plan.dto.js';

const MAX_COUNT = Number.MAX_SAFE_INTEGER;

const PROPERTIES: ApiPropertyOptions = {
  type: 'object',
  additionalProperties: true,
  example: { endpoint: '/reports' },
};

export class CheckDto {
  /** Key of the customer; users may leave it out or use "me". */
  @CustomerField({ optional: true })
  customer?: string;

  @ProductField()
  product?: string;

  /** The feature to check. Either this or `features` is required. */
  @FeatureField({ optional: true })
  feature?: string;

  /** Several features; the response is a list of decisions in this order. @example ["api_calls", "sso"] */
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(100)
  @IsString({ each: true })
  @Length(1, 64, { each: true })
  features?: string[];

  /** Units of `feature`. @default 1 */
  @QuantityField({ optional: true })
  quantity?: number;

  /** The entity of the customer to check too, such as a member or a project. */
  @EntityField()
  entity?: string;

  /**
   * The value of a feature that is not counted by the sum, in place of `quantity`: a number where it counts the latest
   * or the highest value, a text where it counts distinct values.
   */
  @ReportedValueField()
  value?: number | string;
}

export class QuantityOfDto {
  /** Key of the feature. */
  @FeatureField()
  feature: string;

  /** Units of this feature. @default 1 */
  @QuantityField({ optional: true })
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
}

export class ConsumeDto {
  /** Key of the customer; users may leave it out or use "me". */
  @CustomerField({ optional: true })
  customer?: string;

  @ProductField()
  product?: string;

  /** The feature to consume. Either this or `features` is required. */
  @FeatureField({ optional: true })
  feature?: string;

  /** Units of `feature`. @default 1 */
  @QuantityField({ optional: true })
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

  /** Several features: all are counted, or none; the response is a joint decision. */
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(20)
  @ValidateNested({ each: true })
  @Type(() => QuantityOfDto)
  @ItemsOf(() => QuantityOfDto)
  features?: QuantityOfDto[];

  /** Any data to store with the usage, up to 10 kB. */
  @ApiPropertyOptional(PROPERTIES)
  @IsOptional()
  @IsObject()
  properties?: Record<string, unknown>;
}

export class AddOnSourceDto {
  /** Key of the add-on. */
  key: string;
  quantity: number;
}

export class DecisionSourceDto {
  /**
   * `plan`: the plan version, with its add-ons; `override` replaces both. `add_on`: only add-ons name the feature;
   * `grant`: none of these does.
   */
  kind: 'plan' | 'override' | 'add_on' | 'grant';
  plan: string;
  version: number;
  /** The add-ons that are part of the terms. Absent when there are none. */
  addOns?: AddOnSourceDto[];
}

/** The count of one entity of the customer. */
export class EntityCountDto {
  /** The name of the entity. */
  id: string;
  /** The most units of each entity; null: only the customer has a limit. */
  limit: number | null;
  /** Units that the entity has used in the window. */
  used: number;
  /** Units that open reservations hold for the entity. */
  reserved: number;
  /** Units left to the entity; null: only the customer has a limit. */
  remaining: number | null;
}

/** Whether the customer may use the feature, and how much is left. A denial is a decision, not an error. */
export class DecisionDto implements Decision {
  allowed: boolean;
  /** Why it is denied; null when allowed. */
  @ApiProperty({
    type: String,
    nullable: true,
    enum: [
      'limit_reached',
      'no_subscription',
      'subscription_expired',
      'subscription_paused',
      'past_due',
      'feature_not_in_plan',
      'feature_disabled',
      'unavailable',
    ],
  })
  reason: Decision['reason'];
  customer: string;
  feature: string;
  @ApiProperty({ enum: FEATURE_TYPES })
  type: FeatureType;
  /** Requested units. */
  requested: number;
  /** Sum of included, carried over and granted units; null: unlimited. Absent for features that are not counted. */
  limit?: number | null;
  used?: number;
  reserved?: number;
  /** null: unlimited. */
  remaining?: number | null;
  /** Units used beyond the limit. */
  overage?: number;
  /** Part of the limit: units carried over from earlier windows. Absent when there are none. */
  carriedOver?: number;
  /** Part of the limit: units of grants, burnt in this window or left. Absent when there are none. */
  granted?: number;
  windowStart?: string | null;
  /** End of the window; null: the window never ends. */
  resetsAt?: string | null;
  /** The entity that the request named, with its own count. Absent when it named none. */
  entity?: EntityCountDto;
  /** Value of a boolean or static feature. */
  @ApiProperty(TERM_VALUE)
  value?: string | number | boolean;
  source: DecisionSourceDto | null;
  asOf: string;
  /** True when the database was unavailable and the failure policy of the feature decided. */
  degraded?: boolean;
}

export class DecisionListDto {
  data: DecisionDto[];
}

/** One decision for several features: all are counted when each is allowed, else none. */
export class JointDecisionDto {
  allowed: boolean;
  data: DecisionDto[];
}

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

  /** Any data to store with the usage, up to 10 kB. */
  @ApiPropertyOptional(PROPERTIES)
  @IsOptional()
  @IsObject()
  properties?: Record<string, unknown>;
}

export class UsageEventsDto {
  @ProductField()
  product?: string;

  /** Up to 1,000 events; the results have the same order. */
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(1000)
  @ValidateNested({ each: true })
  @Type(() => UsageEventDto)
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

class UsageTimesDto extends ProductOnlyDto {
  /** Left out: 30 days before "to". */
  @InstantField({ optional: true })
  from?: string;

  /** Exclusive; left out: now. */
  @InstantField({ optional: true })
  to?: string;
}

export class UsageSpanDto extends UsageTimesDto {
  /**
   * Length of a step.
   * @default day
   * @example day
   */
  @IsOptional()
  @IsIn(SERIES_STEPS)
  by?: SeriesStep;
}

export class UsageQueryDto extends UsageTimesDto {
  /**
   * Length of a step; `window`: the windows of the limit that began in the span, each with all units used in it.
   * @default day
   * @example day
   */
  @IsOptional()
  @IsIn(CUSTOMER_STEPS)
  by?: CustomerStep;

  /** Key of the feature. */
  @FeatureField()
  feature: string;

  /** Only the usage of this entity of the customer. */
  @EntityField()
  entity?: string;
}

export class EntityUsageQueryDto extends ListQuery {
  @ProductField()
  product?: string;

  /** Key of the feature. */
  @FeatureField()
  feature: string;

  /** Instant in the window to read. Left out: the current window. */
  @InstantField({ optional: true })
  at?: string;
}

/** The usage of one entity of a customer in one window. */
export class EntityUsageDto {
  /** The name of the entity; for a feature that counts distinct values: the value. */
  entity: string;
  /** Units used in the window. */
  used: number;
  /** Units that open reservations hold. */
  reserved: number;
  /** The most units of each entity; null: only the customer has a limit. */
  limit: number | null;
  /** Units left to this entity; null: only the customer has a limit. */
  remaining: number | null;

  static of({ entity, used, reserved, limit, remaining }: EntityUsage): EntityUsageDto {
    return { entity, used, reserved, limit, remaining };
  }
}

export class EntityUsagePageDto {
  data: EntityUsageDto[];
  hasMore: boolean;
  nextCursor: string | null;
}

export class UsageStepDto {
  start: Date;
  /**
   * Units, by when they were used; what was given back is taken off. A sum beyond 2^53-1 is shown as
   * 9007199254740991.
   */
  quantity: number;
}

/** Units used over time; steps without usage are left out. */
export class UsageSeriesDto implements UsageSeries {
  feature: string;
  by: CustomerStep;
  from: Date;
  to: Date;
  timezone: string;
  /** Units in all steps. A sum beyond 2^53-1 is shown as 9007199254740991. */
  total: number;
  data: UsageStepDto[];
}

export class OverageQueryDto extends ProductOnlyDto {
  /** Key of a metered or credit feature. */
  @FeatureField()
  feature: string;

  /** Windows that end after this instant. Left out: 30 days before "to". */
  @InstantField({ optional: true })
  from?: string;

  /** Windows that end at this instant or before. Left out: now. */
  @InstantField({ optional: true })
  to?: string;
}

/** A window that has ended with usage beyond its limit. Counts are units. */
export class WindowOverageDto implements WindowOverage {
  windowStart: Date;
  /** Exclusive. */
  windowEnd: Date;
  /** All usage of the window, less corrections. */
  used: number;
  /** Included units by the terms under which usage was last counted in the window before its end. */
  included: number;
  /** Units carried over from earlier windows. */
  carriedOver: number;
  /** Units that grants covered. */
  fromGrants: number;
  /** Used, less included, carried over and granted units. */
  overage: number;
}

/** The usage of a feature beyond its limit in windows that have ended, oldest first. */
export class OverageDto implements FeatureOverage {
  feature: string;
  from: Date;
  to: Date;
  /** Overage of all windows. A sum beyond 2^53-1 is shown as 9007199254740991. */
  total: number;
  data: WindowOverageDto[];
}
