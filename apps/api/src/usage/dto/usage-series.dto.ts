import { IsIn, IsOptional } from 'class-validator';
import { FeatureField, InstantField, ProductField, EntityField } from '../../http/input/fields.js';
import { ListQuery } from '../../http/pagination/list.query.js';
import {
  type EntityUsage,
  type FeatureOverage,
  type WindowOverage,
  CUSTOMER_STEPS,
  type CustomerStep,
  SERIES_STEPS,
  type SeriesStep,
  type UsageSeries,
} from '@app/metering';
import { ProductOnlyDto } from '../../plans/dto/plan.dto.js';

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
