import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Max,
  MaxLength,
  Min,
} from 'class-validator';
import { type Coupon, COUPON_DURATIONS, couponContent, type CouponDuration } from '@app/catalog';
import { MAX_AMOUNT } from '@app/kernel';
import { CurrencyField, InstantField, KeyField, NameField, Omittable, ProductField } from '../../http/input/fields.js';

/** A decimal text of a percentage: its command checks the range. */
const MAX_DECIMAL = 8;

class CouponContentDto {
  /** Percentage that is taken off, as a decimal text from 0.01 to 100. Either this or `amountOff`. @example "20" */
  @IsOptional()
  @IsString()
  @MaxLength(MAX_DECIMAL)
  percentOff?: string | null;

  /** Amount that is taken off each period, in minor units; needs `currency`. @example 500 */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MAX_AMOUNT)
  amountOff?: number | null;

  /** Currency of `amountOff`, ISO 4217: only subscriptions in this currency redeem the coupon. */
  @CurrencyField({ optional: true })
  currency?: string | null;

  /**
   * Periods for which the coupon counts: `once` (one), `repeating` (as many as `periods`) or `forever`.
   * @default once
   * @example repeating
   */
  @Omittable()
  @IsIn(COUPON_DURATIONS)
  duration?: CouponDuration;

  /** Number of periods; only with the duration `repeating`. @example 3 */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(120)
  periods?: number | null;

  /** The most redemptions by all subscriptions together. Null: any number. @example 100 */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(2_147_483_647)
  maxRedemptions?: number | null;

  /** First instant at which it is not redeemed any more. Null: never. */
  @InstantField({ optional: true })
  redeemBy?: string | null;

  /** Keys of the plans whose subscriptions may redeem it. Null: all. @example ["pro"] */
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(500)
  @IsString({ each: true })
  @MaxLength(64, { each: true })
  plans?: string[] | null;
}

/** A coupon of a catalogue document. */
export class CatalogCouponDto extends CouponContentDto {
  /** Key of the coupon; unique within the product. @example launch */
  @KeyField()
  key: string;

  /** Name on invoices. @example "Launch offer" */
  @NameField()
  name: string;
}

export class CreateCouponDto extends CatalogCouponDto {
  @ProductField()
  product?: string;
}

/** Omitted fields stay unchanged. Redemptions keep what they were granted. */
export class UpdateCouponDto extends CouponContentDto {
  @ProductField()
  product?: string;

  /** Name on invoices. @example "Launch offer" */
  @NameField({ optional: 'not null' })
  name?: string;
}

/** A discount that subscriptions redeem. */
export class CouponDto {
  id: string;
  key: string;
  name: string;
  /** Decimal text; null when an amount is taken off. @example "20" */
  percentOff: string | null;
  /** Minor units; null when a percentage is taken off. */
  amountOff: number | null;
  currency: string | null;
  duration: CouponDuration;
  periods: number | null;
  maxRedemptions: number | null;
  /** Redemptions so far, also those that ended. */
  redemptions: number;
  redeemBy: string | null;
  plans: string[] | null;
  createdAt: Date;
  updatedAt: Date;

  static of(coupon: Coupon): CouponDto {
    const { id, key, redemptions, createdAt, updatedAt } = coupon;
    return { id, key, ...couponContent(coupon), redemptions, createdAt, updatedAt };
  }
}

export class CouponPageDto {
  data: CouponDto[];
  hasMore: boolean;
  nextCursor: string | null;
}
