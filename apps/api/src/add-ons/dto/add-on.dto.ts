import { ArrayMaxSize, IsArray, IsOptional, IsString, MaxLength } from 'class-validator';
import { type AddOn, rawAddOn } from '@app/catalog';
import { KeyField, NameField, ProductField } from '../../http/input/fields.js';
import { Nested } from '../../http/input/nested.js';
import { PlanEntitlementDto } from '../../plans/dto/plan.dto.js';
import { PriceDto } from '../../plans/dto/price.dto.js';

class AddOnContentDto {
  /** Text for a price page. @example "For growing teams" */
  @IsOptional()
  @IsString()
  @MaxLength(2_000)
  description?: string;

  /** Same form as the prices of a plan. Charged with the periods of the plan where billing is on. */
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(100)
  @Nested(() => PriceDto, { each: true })
  prices?: PriceDto[];

  /**
   * Additions to the plan for a quantity of one: limits and credits add up, unlimited wins, a switch turns on. The
   * window, overage and rates of the plan stay; those given here apply where the plan does not name the feature. Not
   * for static features.
   */
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(500)
  @Nested(() => PlanEntitlementDto, { each: true })
  entitlements?: PlanEntitlementDto[];
}

/** An add-on of a catalogue document. */
export class CatalogAddOnDto extends AddOnContentDto {
  /** Key of the add-on; unique within the product. @example five-seats */
  @KeyField()
  key: string;

  /** Name that people read. @example "Five seats" */
  @NameField()
  name: string;
}

export class CreateAddOnDto extends CatalogAddOnDto {
  @ProductField()
  product?: string;
}

/** Omitted fields stay unchanged; lists are replaced. Subscriptions that have the add-on keep what they were sold. */
export class UpdateAddOnDto extends AddOnContentDto {
  @ProductField()
  product?: string;

  /** Name that people read. @example "Five seats" */
  @NameField({ optional: true })
  name?: string;
}

/** Entitlements that can be added to the plan of a subscription. */
export class AddOnDto {
  id: string;
  key: string;
  name: string;
  description: string;
  /** Charged with the periods of the plan where billing is on. */
  prices: PriceDto[];
  entitlements: PlanEntitlementDto[];
  createdAt: Date;
  updatedAt: Date;

  static of(addOn: AddOn): AddOnDto {
    const { id, key, name, description, prices, createdAt, updatedAt } = addOn;
    const entitlements = rawAddOn(addOn).entitlements as PlanEntitlementDto[];
    return { id, key, name, description, prices, entitlements, createdAt, updatedAt };
  }
}

export class AddOnPageDto {
  data: AddOnDto[];
  hasMore: boolean;
  nextCursor: string | null;
}
