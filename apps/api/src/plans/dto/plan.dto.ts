import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  MaxLength,
  Min,
  ValidateNested,
  Allow,
} from 'class-validator';
import {
  type FeatureType,
  type Overage,
  OVERAGES,
  type PlanAndVersion,
  type PlanStatus,
  type PlanVersion,
  WINDOWS,
  type WindowName,
  FEATURE_TYPES,
} from '@app/catalog';
import { type Interval } from '@app/kernel';
import {
  CurrencyField,
  FieldListField,
  IntervalField,
  KeyField,
  NameField,
  ProductField,
} from '../../http/input/fields.js';
import { ListQuery } from '../../http/pagination/list.query.js';

export class MoneyDto {
  /** Minor units: 2999 in USD is 29.99 dollars. */
  @IsInt()
  @Min(0)
  amount: number;

  /** ISO 4217. @example USD */
  @CurrencyField()
  currency: string;
}

export class PriceDto extends MoneyDto {
  @IntervalField()
  interval: Interval;

  /** @default 1 */
  @IsOptional()
  @IsInt()
  @Min(1)
  intervalCount?: number;

  /** ISO 3166-1 alpha-2. Default: every region. */
  @IsOptional()
  @IsString()
  @MaxLength(2)
  region?: string | null;

  /** Default: every device type. @example ios */
  @IsOptional()
  @IsString()
  @MaxLength(32)
  deviceType?: string | null;
}

export class RateLimitDto {
  @IsInt()
  @Min(1)
  limit: number;

  @IsInt()
  @Min(1)
  windowSeconds: number;
}

export class CreditGrantDto {
  @IsInt()
  @Min(0)
  quantity: number;

  @IsIn(WINDOWS)
  every: WindowName;

  @IsOptional()
  @IsInt()
  @Min(0)
  rolloverMax?: number;
}

/** Terms of one feature; the type decides which fields apply. */
export class PlanEntitlementDto {
  /** Key of the feature. */
  @KeyField()
  feature: string;

  @IsIn(FEATURE_TYPES)
  type: FeatureType;

  /** boolean and static: the value. */
  @IsOptional()
  @Allow()
  value?: string | number | boolean;

  /** metered: null is unlimited, 0 is none. */
  @Allow()
  limit?: number | null;

  /** metered: the window in which the limit counts. */
  @IsOptional()
  @IsIn(WINDOWS)
  window?: WindowName;

  /** metered: beyond the limit `deny`, `allow` (count as overage), or `cap`. */
  @IsOptional()
  @IsIn(OVERAGES)
  overage?: Overage;

  @IsOptional()
  @ValidateNested()
  @Type(() => MoneyDto)
  overagePrice?: MoneyDto;

  @IsOptional()
  @ValidateNested()
  @Type(() => RateLimitDto)
  rateLimit?: RateLimitDto;

  /** credit: units per grant, recurrence, and the rollover bound. */
  @IsOptional()
  @ValidateNested()
  @Type(() => CreditGrantDto)
  grant?: CreditGrantDto;
}

/** Content of a plan version. */
export class PlanContentDto {
  @NameField()
  name: string;

  @IsOptional()
  @IsString()
  @MaxLength(2_000)
  description?: string;

  /** Anonymous callers and users see public plans only. @default true */
  @IsOptional()
  @IsBoolean()
  public?: boolean;

  /** @default 0 */
  @IsOptional()
  @IsInt()
  @Min(0)
  trialDays?: number;

  @IsOptional()
  @IsArray()
  @ArrayMaxSize(100)
  @ValidateNested({ each: true })
  @Type(() => PriceDto)
  prices?: PriceDto[];

  @IsOptional()
  @IsArray()
  @ArrayMaxSize(500)
  @ValidateNested({ each: true })
  @Type(() => PlanEntitlementDto)
  entitlements?: PlanEntitlementDto[];
}

export class CatalogPlanDto extends PlanContentDto {
  /** @example pro */
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

  @NameField({ optional: true })
  name?: string;

  @IsOptional()
  @IsString()
  @MaxLength(2_000)
  description?: string;

  @IsOptional()
  @IsBoolean()
  public?: boolean;

  @IsOptional()
  @IsInt()
  @Min(0)
  trialDays?: number;

  @IsOptional()
  @IsArray()
  @ArrayMaxSize(100)
  @ValidateNested({ each: true })
  @Type(() => PriceDto)
  prices?: PriceDto[];

  @IsOptional()
  @IsArray()
  @ArrayMaxSize(500)
  @ValidateNested({ each: true })
  @Type(() => PlanEntitlementDto)
  entitlements?: PlanEntitlementDto[];
}

export class ProductOnlyDto {
  @ProductField()
  product?: string;
}

export class PlanListQueryDto extends ListQuery {
  @ProductField()
  product?: string;

  /** Only for admins; other callers see published plans. */
  @IsOptional()
  @IsIn(['draft', 'published', 'archived'])
  status?: PlanStatus;

  /** Plans sold in this region. */
  @IsOptional()
  @IsString()
  @MaxLength(2)
  region?: string;

  @IsOptional()
  @IsString()
  @MaxLength(32)
  deviceType?: string;

  @IsOptional()
  @IsString()
  @MaxLength(3)
  currency?: string;

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
