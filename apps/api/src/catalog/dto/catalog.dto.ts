import { Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsIn, IsOptional, IsString, Length, MaxLength, ValidateNested } from 'class-validator';
import { KeyField } from '../../http/input/fields.js';
import { CatalogFeatureDto } from '../../features/dto/feature.dto.js';
import { CatalogPlanDto } from '../../plans/dto/plan.dto.js';
import { CreateProductDto } from '../../products/dto/product.dto.js';

export class AssignmentDto {
  /** Key of a plan in this document. */
  @KeyField()
  plan: string;

  /** Default: every region. */
  @IsOptional()
  @IsString()
  @Length(2, 2)
  region?: string | null;

  /** Default: every device type. */
  @IsOptional()
  @IsString()
  @MaxLength(32)
  deviceType?: string | null;
}

/** The whole catalogue of one product. Features and plans that are missing are archived. */
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

  /** Default plan by region and device type; the most specific rule applies. */
  @IsArray()
  @ArrayMaxSize(500)
  @ValidateNested({ each: true })
  @Type(() => AssignmentDto)
  assignment: AssignmentDto[];
}

export class ApplyCatalogQueryDto {
  /** true: returns the difference and writes nothing. */
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

/** Changes by key. */
export class CatalogDifferenceDto {
  dryRun: boolean;
  product: 'created' | 'updated' | 'unchanged';
  features: ChangesDto;
  plans: ChangesDto;
  assignment: 'changed' | 'unchanged';
}
