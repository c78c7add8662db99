import { ArrayMaxSize, IsArray, IsIn, IsOptional, IsString, Length, MaxLength } from 'class-validator';
import { KeyField, Omittable } from '../../http/input/fields.js';
import { Nested } from '../../http/input/nested.js';
import { CatalogAddOnDto } from '../../add-ons/dto/add-on.dto.js';
import { CatalogCouponDto } from '../../coupons/dto/coupon.dto.js';
import { CatalogFeatureDto } from '../../features/dto/feature.dto.js';
import { CatalogPlanDto } from '../../plans/dto/plan.dto.js';
import { PutBillingSettingsDto } from '../../products/dto/billing-settings.dto.js';
import { PutPortalSettingsDto } from '../../products/dto/portal-settings.dto.js';
import { CreateProductDto } from '../../products/dto/product.dto.js';
import { CatalogTaxRateDto } from '../../tax-rates/dto/tax-rate.dto.js';

export class AssignmentDto {
  /** Key of a plan in this document. @example free */
  @KeyField()
  plan: string;

  /** Region of the customers that get the plan, ISO 3166-1 alpha-2. Left out or null: every region. @example DE */
  @IsOptional()
  @IsString()
  @Length(2, 2)
  region?: string | null;

  /** Device type of the customers that get the plan. Left out or null: every device type. @example ios */
  @IsOptional()
  @IsString()
  @MaxLength(32)
  deviceType?: string | null;
}

/** The whole catalogue of one product. Features and plans that are missing are archived. */
export class CatalogDto {
  /** The product, which is created when it does not exist. */
  @Nested(() => CreateProductDto)
  product: CreateProductDto;

  /** All features of the product; a stored feature that is missing here is archived. */
  @IsArray()
  @ArrayMaxSize(500)
  @Nested(() => CatalogFeatureDto, { each: true })
  features: CatalogFeatureDto[];

  /** All plans of the product; a changed plan is published as a new version, and a missing one is archived. */
  @IsArray()
  @ArrayMaxSize(500)
  @Nested(() => CatalogPlanDto, { each: true })
  plans: CatalogPlanDto[];

  /** Left out: the add-ons of the product stay as they are. */
  @Omittable()
  @IsArray()
  @ArrayMaxSize(500)
  @Nested(() => CatalogAddOnDto, { each: true })
  addOns?: CatalogAddOnDto[];

  /** How the product is billed; null: it is not. Left out: as it is. */
  @IsOptional()
  @Nested(() => PutBillingSettingsDto)
  billing?: PutBillingSettingsDto | null;

  /** Left out: the coupons of the product stay as they are. */
  @Omittable()
  @IsArray()
  @ArrayMaxSize(500)
  @Nested(() => CatalogCouponDto, { each: true })
  coupons?: CatalogCouponDto[];

  /** The portal of the product; null: the defaults. Left out: as it is. */
  @IsOptional()
  @Nested(() => PutPortalSettingsDto)
  portal?: PutPortalSettingsDto | null;

  /** Left out: the tax rates of the product stay as they are. */
  @Omittable()
  @IsArray()
  @ArrayMaxSize(500)
  @Nested(() => CatalogTaxRateDto, { each: true })
  taxRates?: CatalogTaxRateDto[];

  /** Default plan of new customers by region and device type; the most specific rule applies. */
  @IsArray()
  @ArrayMaxSize(500)
  @Nested(() => AssignmentDto, { each: true })
  assignment: AssignmentDto[];
}

export class ApplyCatalogQueryDto {
  /**
   * true: returns the difference and writes nothing.
   * @default false
   * @example "true"
   */
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
  /** Only when the document has add-ons. */
  addOns?: ChangesDto;
  /** Only when the document says how the product is billed. */
  billing?: 'changed' | 'unchanged';
  /** Only when the document has coupons. */
  coupons?: ChangesDto;
  /** Only when the document describes the portal. */
  portal?: 'changed' | 'unchanged';
  /** Only when the document has tax rates. */
  taxRates?: ChangesDto;
  assignment: 'changed' | 'unchanged';
}
