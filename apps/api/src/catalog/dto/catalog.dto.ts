import { Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsIn, IsOptional, IsString, Length, MaxLength, ValidateNested } from 'class-validator';
import { KeyField } from '../../http/input/fields.js';
import { CatalogFeatureDto } from '../../features/dto/feature.dto.js';
import { CatalogPlanDto } from '../../plans/dto/plan.dto.js';
import { CreateProductDto } from '../../products/dto/product.dto.js';

export class AssignmentDto {
  /** Key of a plan of this document. */
  @KeyField()
  plan: string;

  /** Left out: everywhere. */
  @IsOptional()
  @IsString()
  @Length(2, 2)
  region?: string | null;

  /** Left out: on everything. */
  @IsOptional()
  @IsString()
  @MaxLength(32)
  deviceType?: string | null;
}

/** The whole catalogue of one product; what is not in it is archived. */
export class CatalogDto {
  @ValidateNested()
  @Type(() => CreateProductDto)
  product: CreateProductDto;

  @IsArray()
  @ArrayMaxSize(500)
  @ValidateNested({ each: true })
  @Type(() => CatalogFeatureDto)
  features: CatalogFeatureDto[];

  @IsArray()
  @ArrayMaxSize(500)
  @ValidateNested({ each: true })
  @Type(() => CatalogPlanDto)
  plans: CatalogPlanDto[];

  /** Who gets which plan when none is asked for; the most specific rule wins. */
  @IsArray()
  @ArrayMaxSize(500)
  @ValidateNested({ each: true })
  @Type(() => AssignmentDto)
  assignment: AssignmentDto[];
}

export class ApplyCatalogQueryDto {
  /** true: answers the difference and writes nothing. */
  @IsOptional()
  @IsIn(['true', 'false'])
  dryRun?: 'true' | 'false';
}

export class ChangesDto {
  created: string[];
  updated: string[];
  archived: string[];
  unchanged: string[];
}

/** What applying the document changes, by key. */
export class CatalogDifferenceDto {
  dryRun: boolean;
  product: 'created' | 'updated' | 'unchanged';
  features: ChangesDto;
  plans: ChangesDto;
  assignment: 'changed' | 'unchanged';
}
