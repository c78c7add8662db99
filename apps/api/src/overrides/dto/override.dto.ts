import { IsIn, IsObject, IsOptional, Min, IsInt, Max } from 'class-validator';
import { ApiProperty } from '@nestjs/swagger';
import { type Overage, OVERAGES, type WindowAnchor, type WindowName, WINDOWS } from '@app/catalog';
import type { OverrideOfFeature } from '@app/entitlements';
import { MAX_COUNT } from '@app/kernel';
import { CreditGrantDto, RateLimitDto, TERM_VALUE } from '../../plans/dto/plan.dto.js';
import { UsagePriceDto } from '../../plans/dto/price.dto.js';
import {
  FeatureField,
  InstantField,
  ProductField,
  ReasonField,
  WindowAnchorField,
  WindowCountField,
} from '../../http/input/fields.js';
import { ListQuery } from '../../http/pagination/list.query.js';

/** Terms for one customer in place of the plan's. The type of the feature decides which fields are valid. */
export class SetOverrideDto {
  @ProductField()
  product?: string;

  /** Metered: units in each window; null is unlimited, 0 is none. */
  @ApiProperty({ type: 'integer', nullable: true, required: false, example: 5000 })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(MAX_COUNT)
  limit?: number | null;

  /**
   * Metered: the window in which the limit counts.
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
   * Metered: beyond the limit `deny`, `allow` (count as overage), or `cap` (the units that fit).
   * @default deny
   * @example allow
   */
  @IsOptional()
  @IsIn(OVERAGES)
  overage?: Overage;

  /** Metered: price of usage beyond the limit, with `overage: allow`. */
  @ApiProperty({ type: () => UsagePriceDto, required: false })
  @IsOptional()
  @IsObject()
  usagePrice?: object;

  /** Metered: up to `limit` units within any span of `windowSeconds` seconds. */
  @ApiProperty({ type: () => RateLimitDto, required: false })
  @IsOptional()
  @IsObject()
  rateLimit?: object;

  /** Metered: the most units of each entity of the customer, such as a member or a project. @example 5 */
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(MAX_COUNT)
  entityLimit?: number;

  /** Credit: the units that each window includes, and how many may roll over. */
  @ApiProperty({ type: () => CreditGrantDto, required: false })
  @IsOptional()
  @IsObject()
  grant?: object;

  /** Boolean and static: the value. */
  @ApiProperty(TERM_VALUE)
  @IsOptional()
  value?: string | number | boolean;

  /** When the override expires and the plan applies again. Default: never. */
  @InstantField({ optional: true })
  expiresAt?: string;

  /** Stored in the audit log. */
  @ReasonField({ optional: true, nonEmpty: true })
  reason?: string;
}

export class RemoveOverrideQueryDto {
  @ProductField()
  product?: string;
}

export class OverrideQueryDto extends ListQuery {
  @ProductField()
  product?: string;

  @FeatureField({ optional: true, description: 'Key of a feature: only its override.', example: 'api_calls' })
  feature?: string;
}

export class OverrideDto {
  feature: string;
  /** The terms in force, in the form of a plan's entitlement. */
  @ApiProperty({ type: 'object', additionalProperties: true })
  terms: object;
  expiresAt: Date | null;
  reason: string | null;
  createdAt: Date;
  updatedAt: Date;

  static of({
    feature,
    terms,
    expiresAt,
    reason,
    createdAt,
    updatedAt,
  }: Omit<OverrideOfFeature, 'id' | 'featureId'>): OverrideDto {
    return { feature, terms, expiresAt, reason, createdAt, updatedAt };
  }
}

export class OverridePageDto {
  data: OverrideDto[];
  hasMore: boolean;
  nextCursor: string | null;
}
