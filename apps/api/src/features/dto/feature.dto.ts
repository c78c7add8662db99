import { IsIn, IsOptional, IsString, MaxLength } from 'class-validator';
import { FAILURE_POLICIES, type FailurePolicy, type Feature, FEATURE_TYPES, type FeatureType } from '@app/catalog';
import { KeyField, NameField, ProductField } from '../../http/input/fields.js';

export class CatalogFeatureDto {
  /** @example api_calls */
  @KeyField()
  key: string;

  @NameField()
  name: string;

  /** Never changes. */
  @IsIn(FEATURE_TYPES)
  type: FeatureType;

  /** What one of it is called. @example call */
  @IsOptional()
  @IsString()
  @MaxLength(64)
  unit?: string | null;

  /** What is answered when the database cannot be asked in time; without one the question is refused with 503. */
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

  @NameField({ optional: true })
  name?: string;

  @IsOptional()
  @IsString()
  @MaxLength(64)
  unit?: string | null;

  /** What is answered when the database cannot be asked in time; null: the question is refused with 503. */
  @IsOptional()
  @IsIn(FAILURE_POLICIES)
  failurePolicy?: FailurePolicy | null;
}

/** Something that a plan can grant. */
export class FeatureDto {
  id: string;
  key: string;
  name: string;
  type: FeatureType;
  unit: string | null;
  failurePolicy: FailurePolicy | null;
  createdAt: Date;
  updatedAt: Date;

  static of({ id, key, name, type, unit, failurePolicy, createdAt, updatedAt }: Feature): FeatureDto {
    return { id, key, name, type, unit, failurePolicy, createdAt, updatedAt };
  }
}

export class FeaturePageDto {
  data: FeatureDto[];
  hasMore: boolean;
  nextCursor: string | null;
}
