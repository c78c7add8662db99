import { IsIn, IsOptional, IsString, IsUUID, Length, Matches, MaxLength } from 'class-validator';
import type { Customer } from '@app/customers';
import { type Interval } from '@app/kernel';
import { SUBSCRIPTION_STATUSES, type SubscriptionStatus } from '@app/subscriptions';
import {
  CurrencyField,
  EmailField,
  InstantField,
  IntervalField,
  KeyField,
  ProductField,
  SearchField,
} from '../../http/input/fields.js';
import { ListQuery } from '../../http/pagination/list.query.js';
import { SubscriptionDto } from '../../subscriptions/dto/subscription.dto.js';

const CUSTOMER_ORDERS = ['newest', 'oldest'] as const;

export class ProfileDto {
  /** Name that people read. Null deletes it. @example "Acme Ltd" */
  @IsOptional()
  @IsString()
  @MaxLength(200)
  name?: string | null;

  /** ISO 3166-1 alpha-2. It selects prices and, for a new customer, the plan. @example DE */
  @IsOptional()
  @Matches(/^[A-Z]{2}$/, { message: 'must be two capital letters' })
  region?: string | null;

  /** Kind of device or channel. It selects prices and, for a new customer, the plan. @example ios */
  @IsOptional()
  @Matches(/^[a-z0-9][a-z0-9_-]{0,31}$/, { message: 'must be up to 32 of a-z, 0-9, _ and -' })
  deviceType?: string | null;

  /**
   * IANA name. Calendar windows, and the periods of new subscriptions, follow this zone. Default: UTC.
   * @example Europe/Berlin
   */
  @IsOptional()
  @IsString()
  @Length(1, 64)
  timezone?: string;
}

/** Omitted fields stay unchanged. For a new customer, region and device type decide the plan. */
export class PutCustomerDto extends ProfileDto {
  /** Address for your own use; it need not be unique. Null deletes it. */
  @EmailField({ optional: true })
  email?: string | null;

  /** ISO 4217. Prices in this currency are chosen for new subscriptions. */
  @CurrencyField({ optional: true })
  currency?: string | null;

  @ProductField()
  product?: string;

  /** Plan of a new customer. Default: the plan assigned by region and device type. @example pro */
  @KeyField({ optional: true, nonEmpty: true })
  plan?: string;

  /** Billing interval of a new customer. Default: the first price of the plan. */
  @IntervalField({ optional: true })
  interval?: Interval;

  /**
   * Key of a coupon that a new subscription has from its start. A coupon that cannot be redeemed refuses the request.
   * Ignored when the customer has a subscription on the product.
   */
  @KeyField({ optional: true, nonEmpty: true, example: 'launch' })
  coupon?: string;

  /**
   * Id of a test clock. Only at creation; it cannot change afterwards.
   * @example 019a8f3e-5c1d-7b42-9e06-3f7a2d8c4b15
   */
  @IsOptional()
  @IsUUID()
  testClock?: string;
}

export class ListCustomersQueryDto extends ListQuery {
  @EmailField({ optional: true, description: 'Only customers with this e-mail address, in any case.' })
  email?: string;

  @SearchField({
    optional: true,
    description: 'Start of the key, the e-mail address, the name or its second word, in any case.',
  })
  q?: string;

  @ProductField({ nonEmpty: true, description: 'Key of a product. Default: all products that the caller may see.' })
  product?: string;

  @KeyField({
    optional: true,
    nonEmpty: true,
    example: 'pro',
    description: 'Only customers with a live subscription on this plan.',
  })
  plan?: string;

  /** Only customers with a subscription in this status; with `plan`, one on that plan. @example past_due */
  @IsOptional()
  @IsIn(SUBSCRIPTION_STATUSES)
  status?: SubscriptionStatus;

  @InstantField({ optional: true, description: 'Created at or after.' })
  from?: string;

  @InstantField({ optional: true, description: 'Created before.' })
  to?: string;

  /**
   * By the time of creation.
   * @default newest
   * @example oldest
   */
  @IsOptional()
  @IsIn(CUSTOMER_ORDERS)
  order?: (typeof CUSTOMER_ORDERS)[number];
}

/** A customer: the party that subscribes. */
export class CustomerDto {
  id: string;
  key: string;
  name: string | null;
  email: string | null;
  region: string | null;
  deviceType: string | null;
  timezone: string;
  currency: string | null;
  /** Id of its test clock; null: real time. */
  testClock: string | null;
  createdAt: Date;
  updatedAt: Date;

  static of({
    id,
    key,
    name,
    email,
    region,
    deviceType,
    timezone,
    currency,
    testClockId: testClock,
    createdAt,
    updatedAt,
  }: Customer): CustomerDto {
    return { id, key, name, email, region, deviceType, timezone, currency, testClock, createdAt, updatedAt };
  }
}

export class CustomerWithSubscriptionDto extends CustomerDto {
  /** The subscription on the requested product. */
  subscription: SubscriptionDto;
}

export class CustomerPageDto {
  data: CustomerDto[];
  hasMore: boolean;
  nextCursor: string | null;
}
