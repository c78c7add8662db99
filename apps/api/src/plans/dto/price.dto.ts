import { Allow, ArrayMaxSize, IsArray, IsIn, IsInt, IsOptional, IsString, MaxLength, Min } from 'class-validator';
import { MAX_TIERS, USAGE_PRICE_MODELS, type UsagePriceModel } from '@app/catalog';
import { ApiProperty } from '@nestjs/swagger';
import { type Interval, TIER_MODELS, type TierModel } from '@app/kernel';
import { CurrencyField, IntervalField } from '../../http/input/fields.js';
import { Nested } from '../../http/input/nested.js';

/** The longest decimal text: sign, 15 digits, point and 12 decimal places. */
const MAX_DECIMAL_LENGTH = 29;

export class MoneyDto {
  /** Minor units: 2999 in USD is 29.99 dollars. @example 2999 */
  @IsInt()
  @Min(0)
  amount: number;

  /** Currency of the amount, ISO 4217. */
  @CurrencyField()
  currency: string;
}

/** One tier of a price. */
export class PriceTierDto {
  /** Last unit of the tier; null in the last tier, which has no end. */
  @ApiProperty({ type: 'integer', nullable: true, minimum: 1, example: null })
  @Allow()
  upTo: number | null;

  /** Price of each unit in minor units. @example 2999 */
  @IsInt()
  @Min(0)
  unitAmount: number;

  /** Charged once, when the quantity reaches the tier, in minor units. @example 0 */
  @IsOptional()
  @IsInt()
  @Min(0)
  flatAmount?: number;
}

/** The price of a quantity, by tiers. */
export class PriceTiersDto {
  /**
   * `graduated`: each unit has the price of its tier. `volume`: all units have the price of the tier that the
   * quantity reaches.
   * @example graduated
   */
  @IsIn(TIER_MODELS)
  model: TierModel;

  /** In ascending order. */
  @IsArray()
  @ArrayMaxSize(MAX_TIERS)
  @Nested(() => PriceTierDto, { each: true })
  tiers: PriceTierDto[];
}

export class PriceDto extends MoneyDto {
  /** Unit of the period that the price pays for. */
  @IntervalField()
  interval: Interval;

  /**
   * Intervals in one period: 3 with `month` is a quarter.
   * @default 1
   * @example 1
   */
  @IsOptional()
  @IsInt()
  @Min(1)
  intervalCount?: number;

  /** Prices of more units, such as seats. Then `amount` is what one unit costs. Default: each unit costs `amount`. */
  @IsOptional()
  @Nested(() => PriceTiersDto)
  tiers?: PriceTiersDto;

  /** ISO 3166-1 alpha-2: customers of this region get this price. Default: every region. @example US */
  @IsOptional()
  @IsString()
  @MaxLength(2)
  region?: string | null;

  /** Customers of this device type get this price. Default: every device type. @example ios */
  @IsOptional()
  @IsString()
  @MaxLength(32)
  deviceType?: string | null;
}

/** One tier of a usage price. */
export class UsageTierDto {
  /** Last unit beyond the limit that the tier has; null in the last tier, which has no end. */
  @ApiProperty({ type: 'integer', nullable: true, minimum: 1, example: null })
  @Allow()
  upTo: number | null;

  /** Price of each unit: a decimal in major units with up to 12 decimal places. @example "0.00025" */
  @IsString()
  @MaxLength(MAX_DECIMAL_LENGTH)
  unitAmount: string;

  /** Charged once, when usage reaches the tier: a decimal in major units. @example "5.00" */
  @IsOptional()
  @IsString()
  @MaxLength(MAX_DECIMAL_LENGTH)
  flatAmount?: string;
}

/** The price of usage beyond the limit, in decimals of major units; the model decides which fields apply. */
export class UsagePriceDto {
  /**
   * `per_unit`: each unit costs `unitAmount`. `package`: each begun package of `packageSize` units costs `amount`.
   * `graduated`: each unit has the price of its tier. `volume`: all units have the price of the tier that usage
   * reaches.
   * @example per_unit
   */
  @IsIn(USAGE_PRICE_MODELS)
  model: UsagePriceModel;

  /** per_unit: price of each unit, with up to 12 decimal places. @example "0.00025" */
  @IsOptional()
  @IsString()
  @MaxLength(MAX_DECIMAL_LENGTH)
  unitAmount?: string;

  /** package: units of one package. @example 100 */
  @IsOptional()
  @IsInt()
  @Min(1)
  packageSize?: number;

  /** package: price of one package. @example "5.00" */
  @IsOptional()
  @IsString()
  @MaxLength(MAX_DECIMAL_LENGTH)
  amount?: string;

  /** graduated and volume: the tiers in ascending order. They count units beyond the limit. */
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(MAX_TIERS)
  @Nested(() => UsageTierDto, { each: true })
  tiers?: UsageTierDto[];

  /** Currency of the amounts, ISO 4217. */
  @CurrencyField()
  currency: string;
}
