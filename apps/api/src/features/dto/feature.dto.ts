import { IsIn, IsOptional, IsString, Length, MaxLength } from 'class-validator';
import { type Feature, FEATURE_TYPES, type FeatureType } from '@app/catalog';

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
}

/** Something that a plan can grant. */
export class FeatureDto {
  id: string;
  key: string;
  name: string;
  type: FeatureType;
  unit: string | null;
  createdAt: Date;
  updatedAt: Date;

  static of({ id, key, name, type, unit, createdAt, updatedAt }: Feature): FeatureDto {
    return { id, key, name, type, unit, createdAt, updatedAt };
  }
}

export class FeaturePageDto {
  data: FeatureDto[];
  hasMore: boolean;
  nextCursor: string | null;
}
