import { IsIn, IsOptional, IsString, Length, MaxLength } from 'class-validator';
import { FAILURE_POLICIES, type FailurePolicy, type Feature, FEATURE_TYPES, type FeatureType } from '@app/catalog';

export class CatalogFeatureDto {
  /** @example api_calls */
  @IsString()
  @MaxLength(64)
  key: string;

  @IsString()
  @Length(1, 200)
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
  @IsOptional()
  @IsString()
  @MaxLength(64)
  product?: string;
}

export class UpdateFeatureDto {
  @IsOptional()
  @IsString()
  @MaxLength(64)
  product?: string;

  @IsOptional()
  @IsString()
  @Length(1, 200)
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
