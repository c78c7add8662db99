import { IsIn, IsOptional, IsString, MaxLength } from 'class-validator';
import {
  type Aggregation,
  AGGREGATIONS,
  FAILURE_POLICIES,
  type FailurePolicy,
  type Feature,
  FEATURE_TYPES,
  type FeatureType,
} from '@app/catalog';
import { KeyField, NameField, ProductField } from '../../http/input/fields.js';

export class CatalogFeatureDto {
  /** Key that plans and checks use; unique within the product. @example api_calls */
  @KeyField()
  key: string;

  /** Name that people read. @example "API calls" */
  @NameField()
  name: string;

  /**
   * `boolean`: on or off. `static`: a value. `metered`: counted against a limit. `credit`: granted per window and
   * burnt down. Cannot change after creation.
   * @example metered
   */
  @IsIn(FEATURE_TYPES)
  type: FeatureType;

  /**
   * How usage of a metered feature becomes a count. `sum` adds units. The others count reported values: `latest` is the
   * newest one, `max` the highest one, `unique` the number of distinct ones. Cannot change after creation.
   * @default sum
   * @example latest
   */
  @IsOptional()
  @IsIn(AGGREGATIONS)
  aggregation?: Aggregation;

  /** Name of one unit. @example call */
  @IsOptional()
  @IsString()
  @MaxLength(64)
  unit?: string | null;

  /**
   * Decision when the database does not respond in time. Without one the request fails with 503.
   * @example last_known
   */
  @IsOptional()
  @IsIn(FAILURE_POLICIES)
  failurePolicy?: FailurePolicy | null;
}

export class CreateFeatureDto extends CatalogFeatureDto {
  @ProductField()
  product?: string;
}

export class UpdateFeatureDto {
  @ProductField()
  product?: string;

  /** Name that people read. @example "API calls" */
  @NameField({ optional: 'not null' })
  name?: string;

  /** Name of one unit; null: none. @example call */
  @IsOptional()
  @IsString()
  @MaxLength(64)
  unit?: string | null;

  /** Decision when the database does not respond in time; null: the request fails with 503. @example last_known */
  @IsOptional()
  @IsIn(FAILURE_POLICIES)
  failurePolicy?: FailurePolicy | null;
}

/** A feature that a plan can grant. */
export class FeatureDto {
  id: string;
  key: string;
  name: string;
  type: FeatureType;
  aggregation: Aggregation;
  unit: string | null;
  failurePolicy: FailurePolicy | null;
  createdAt: Date;
  updatedAt: Date;

  static of({ id, key, name, type, aggregation, unit, failurePolicy, createdAt, updatedAt }: Feature): FeatureDto {
    return { id, key, name, type, aggregation, unit, failurePolicy, createdAt, updatedAt };
  }
}

export class FeaturePageDto {
  data: FeatureDto[];
  hasMore: boolean;
  nextCursor: string | null;
}
