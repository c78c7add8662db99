import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Max,
  MaxLength,
  Min,
  Allow,
} from 'class-validator';
import {
  type FeatureType,
  type Overage,
  OVERAGES,
  type PlanAndVersion,
  type PlanStatus,
  type PlanVersion,
  type WindowAnchor,
  WINDOWS,
  type WindowName,
  FEATURE_TYPES,
} from '@app/catalog';
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { type Interval } from '@app/kernel';
import {
  FieldListField,
  IntervalField,
  KeyField,
  NameField,
  ProductField,
  WindowAnchorField,
  WindowCountField,
} from '../../http/input/fields.js';
import { Nested } from '../../http/input/nested.js';
import { ListQuery } from '../../http/pagination/list.query.js';
import { MoneyDto, PriceDto, UsagePriceDto } from './price.dto.js';

/** Schema of the value of a boolean or static feature. */
export const TERM_VALUE: ApiPropertyOptions = {
  required: false,
  oneOf: [{ type: 'string' }, { type: 'number' }, { type: 'boolean' }],
  example: true,
};

export class RateLimitDto {
  /** Units within the span. @example 100 */
  @IsInt()
  @Min(1)
  limit: number;

  /** Length of the sliding span in seconds. @example 60 */
  @IsInt()
  @Min(1)
  @Max(31_536_000)
  windowSeconds: number;
}

export class CreditGrantDto {
  /** Units that each window includes. @example 1000 */
  @IsInt()
  @Min(0)
  quantity: number;

  /** The unit of the window in which the units are granted again. @example month */
  @IsIn(WINDOWS)
  every: WindowName;

  @WindowCountField()
  windowCount?: number;

  @WindowAnchorField()
  windowAnchor?: WindowAnchor;

  /** The most units that roll over into the next window. Default: none. @example 200 */
  @IsOptional()
  @IsInt()
  @Min(0)
  rolloverMax?: number;
}

/** Terms of one feature; the type decides which fields apply. */
export class PlanEntitlementDto {
  /** Key of the feature. @example api_calls */
  @KeyField()
  feature: string;

  /** Type of the feature; it decides which of the other fields apply. @example metered */
  @IsIn(FEATURE_TYPES)
  type: FeatureType;

  /** boolean and static: the value. */
  @ApiProperty(TERM_VALUE)
  @IsOptional()
  @Allow()
  value?: string | number | boolean;

  /** metered: units in each window; null is unlimited, 0 is none. */
  @ApiProperty({ type: 'integer', nullable: true, required: false, minimum: 0, example: 1000 })
  @Allow()
  limit?: number | null;

  /**
   * metered: the unit of the window in which the limit counts.
   * @default billing_period
   * @example month
   */
  @IsOptional()
  @IsIn(WINDOWS)
  window?: WindowName;

  @WindowCountField()
  windowCount?: number;

  @WindowAnchorField()
  windowAnchor?: WindowAnchor;

  /**
   * metered: beyond the limit `deny`, `allow` (count as overage), or `cap` (the units that fit).
   * @default deny
   * @example deny
   */
  @IsOptional()
  @IsIn(OVERAGES)
  overage?: Overage;

  /** metered: price of one unit beyond the limit in minor units, with `overage: allow`. */
  @IsOptional()
  @Nested(() => MoneyDto)
  overagePrice?: MoneyDto;

  /** metered: price of usage beyond the limit, with `overage: allow`; instead of `overagePrice`. */
  @IsOptional()
  @Nested(() => UsagePriceDto)
  usagePrice?: UsagePriceDto;

  /** metered: up to `limit` units within any span of `windowSeconds` seconds, beside the limit. */
  @IsOptional()
  @Nested(() => RateLimitDto)
  rateLimit?: RateLimitDto;

  /** metered: the most units of each entity of the customer, such as a member or a project. @example 5 */
  @IsOptional()
  @IsInt()
  @Min(0)
  entityLimit?: number;

  /** credit: units per grant, recurrence, and the rollover bound. */
  @IsOptional()
  @Nested(() => CreditGrantDto)
  grant?: CreditGrantDto;
}

/** Content of a plan version. */
export class PlanContentDto {
  /** Name that people read. @example Pro */
  @NameField()
  name: string;

  /** Text for a price page. @example "For growing teams" */
  @IsOptional()
  @IsString()
  @MaxLength(2_000)
  description?: string;

  /**
   * Anonymous callers and users see public plans only.
   * @default true
   * @example true
   */
  @IsOptional()
  @IsBoolean()
  public?: boolean;

  /**
   * Days of a free trial for customers that have had none on the product.
   * @default 0
   * @example 14
   */
  @IsOptional()
  @IsInt()
  @Min(0)
  trialDays?: number;

  /** Prices by interval, currency, region and device type; the most specific one applies. */
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(100)
  @Nested(() => PriceDto, { each: true })
  prices?: PriceDto[];

  /** Terms of each feature that the plan grants; other features are denied. */
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(500)
  @Nested(() => PlanEntitlementDto, { each: true })
  entitlements?: PlanEntitlementDto[];
}

export class CatalogPlanDto extends PlanContentDto {
  /** Key that subscriptions name; unique within the product. @example pro */
  @KeyField()
  key: string;
}

export class CreatePlanDto extends CatalogPlanDto {
  @ProductField()
  product?: string;
}

/** Omitted fields stay unchanged; lists are replaced. */
export class UpdatePlanDto {
  @ProductField()
  product?: string;

  /** Name that people read. @example Pro */
  @NameField({ optional: true })
  name?: string;

  /** Text for a price page. @example "For growing teams" */
  @IsOptional()
  @IsString()
  @MaxLength(2_000)
  description?: string;

  /** false: only admins and services see the plan. @example true */
  @IsOptional()
  @IsBoolean()
  public?: boolean;

  /** Days of a free trial for customers that have had none on the product. @example 14 */
  @IsOptional()
  @IsInt()
  @Min(0)
  trialDays?: number;

  /** Replaces all prices of the draft. */
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(100)
  @Nested(() => PriceDto, { each: true })
  prices?: PriceDto[];

  /** Replaces the terms of all features of the draft. */
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(500)
  @Nested(() => PlanEntitlementDto, { each: true })
  entitlements?: PlanEntitlementDto[];
}

export class ProductOnlyDto {
  @ProductField()
  product?: string;
}

export class PlanListQueryDto extends ListQuery {
  @ProductField()
  product?: string;

  /** Only plans in this status. Only for admins; other callers see published plans. @example published */
  @IsOptional()
  @IsIn(['draft', 'published', 'archived'])
  status?: PlanStatus;

  /** Plans sold in this region, ISO 3166-1 alpha-2. @example DE */
  @IsOptional()
  @IsString()
  @MaxLength(2)
  region?: string;

  /** Plans sold for this device type. @example ios */
  @IsOptional()
  @IsString()
  @MaxLength(32)
  deviceType?: string;

  /** Plans with a price in this currency, ISO 4217. @example USD */
  @IsOptional()
  @IsString()
  @MaxLength(3)
  currency?: string;

  /** Plans with a price of this interval. */
  @IntervalField({ optional: true })
  interval?: Interval;
}

export class SparseQueryDto {
  @FieldListField()
  fields?: string;
}

export class ProductQueryDto {
  @ProductField()
  product?: string;

  @FieldListField()
  fields?: string;
}

export class ProductListQueryDto extends ListQuery {
  @ProductField()
  product?: string;
}

/** One version of a plan. A published one never changes. */
export class PlanVersionDto {
  key: string;
  version: number;
  name: string;
  description: string;
  trialDays: number;
  prices: PriceDto[];
  entitlements: PlanEntitlementDto[];
  /** null for a draft. */
  publishedAt: Date | null;
  createdAt: Date;

  static of(found: PlanVersion): PlanVersionDto {
    const { planKey: key, version, name, description, trialDays, prices, publishedAt, createdAt } = found;
    const entitlements = found.entitlements.map(({ feature, terms }) => ({ feature, ...terms }));
    return { key, version, name, description, trialDays, prices, entitlements, publishedAt, createdAt };
  }
}

/** A plan with its published version, or its first draft. */
export class PlanDto extends PlanVersionDto {
  id: string;
  status: PlanStatus;
  public: boolean;
  /** Increases with every change; the ETag. */
  revision: number;
  updatedAt: Date;

  static fromPlan({ plan, version }: PlanAndVersion): PlanDto {
    const { id, status, revision, createdAt, updatedAt } = plan;
    return { id, status, public: plan.public, revision, ...PlanVersionDto.of(version), createdAt, updatedAt };
  }
}

export class PlanPageDto {
  data: PlanDto[];
  hasMore: boolean;
  nextCursor: string | null;
}

export class PlanVersionPageDto {
  data: PlanVersionDto[];
  hasMore: boolean;
  nextCursor: string | null;
}
