import { OmitType } from '@nestjs/swagger';
import { IsBoolean, IsIn, IsInt, IsOptional, IsUUID, Matches, Max, Min } from 'class-validator';
import { PAYMENT_BEHAVIORS, type PaymentBehavior } from '@app/billing';
import { type Interval } from '@app/kernel';
import type { RecordedEvent } from '@app/events';
import {
  type SoldAddOn,
  type SoldPrice,
  type Subscription,
  SUBSCRIPTION_STATUSES,
  type SubscriptionStatus,
} from '@app/subscriptions';
import {
  CurrencyField,
  CustomerField,
  FieldListField,
  InstantField,
  IntervalField,
  KeyField,
  ProductField,
} from '../../http/input/fields.js';
import { ListQuery } from '../../http/pagination/list.query.js';
import { PlanEntitlementDto } from '../../plans/dto/plan.dto.js';
import { PriceDto, PriceTiersDto } from '../../plans/dto/price.dto.js';

export class PlanSelectionDto {
  /** Key of the plan. */
  @KeyField({ nonEmpty: true, example: 'pro' })
  plan: string;

  /** Billing interval. Default: the current interval, else the first price of the plan. */
  @IntervalField({ optional: true })
  interval?: Interval;

  /** Number of intervals per period; only with `interval`. Default 1. @example 1 */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(1_000)
  intervalCount?: number;

  /**
   * Number of units sold, such as seats; the price is per unit. Default: 1 for a new subscription, else the current
   * quantity.
   * @example 1
   */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(1_000_000)
  quantity?: number;
}

export class CreateSubscriptionDto extends PlanSelectionDto {
  /** Key of the customer. Users may omit it or use "me". */
  @CustomerField({ optional: true })
  customer?: string;

  @ProductField()
  product?: string;

  /** ISO 4217. Default: the currency of the customer, else that of the first price. */
  @CurrencyField({ optional: true })
  currency?: string;

  /** Replaces the trial of the plan. Days. Only admins and API keys may set it. @example 30 */
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(730)
  trialDays?: number;

  /**
   * false: the subscription expires at the end of its first period.
   * @default true
   * @example true
   */
  @IsOptional()
  @IsBoolean()
  autoRenew?: boolean;

  /** Start; default now. It may follow a subscription that is set to end by then. */
  @InstantField({ optional: true })
  startsAt?: string;

  /**
   * Anchor of the periods; the first period ends there or earlier. Default: the start, or the end of the trial. Only
   * admins and API keys may set it.
   */
  @InstantField({ optional: true })
  billingAnchor?: string;

  /**
   * Agreed end, exclusive, after the start; it cuts the last period. Default: none. Not with `indefinite`. Only admins
   * and API keys may set it.
   */
  @InstantField({ optional: true })
  endsAt?: string;

  /**
   * true: no period end; the subscription runs until it is canceled. Only admins and API keys may set it.
   * @default false
   * @example false
   */
  @IsOptional()
  @IsBoolean()
  indefinite?: boolean;

  /**
   * Key of a coupon that the subscription has from its start: its first invoice is lowered too. A coupon that cannot be
   * redeemed refuses the subscription. Only admins and API keys may set it.
   */
  @KeyField({ optional: true, nonEmpty: true, example: 'launch' })
  coupon?: string;

  /**
   * `pay_first`: it starts when its first invoice is paid; the answer is a checkout, which is given up after 23 hours.
   * When nothing is due, it takes effect immediately. Only for billed products.
   * @default default
   * @example pay_first
   */
  @IsOptional()
  @IsIn(PAYMENT_BEHAVIORS)
  paymentBehavior?: PaymentBehavior;
}

export class HistoryQueryDto extends ListQuery {
  @ProductField()
  product?: string;

  /** Only subscriptions in this status. @example expired */
  @IsOptional()
  @IsIn(SUBSCRIPTION_STATUSES)
  status?: SubscriptionStatus;

  /** Created at or after. */
  @InstantField({ optional: true })
  from?: string;

  /** Created before. */
  @InstantField({ optional: true })
  to?: string;
}

export class LiveQueryDto {
  @ProductField()
  product?: string;

  /** Returns the subscription as of this instant. */
  @InstantField({ optional: true })
  at?: string;

  @FieldListField()
  fields?: string;
}

export class SubscriptionQueryDto extends OmitType(LiveQueryDto, ['product']) {}

export class SubscriptionListQueryDto extends ListQuery {
  @ProductField()
  product?: string;

  /**
   * Default: live ones. The filter reads the stored status, at most one second late; each row shows the current
   * status.
   * @example past_due
   */
  @IsOptional()
  @IsIn(SUBSCRIPTION_STATUSES)
  status?: SubscriptionStatus;

  /** Key of a plan: live subscriptions on it. */
  @KeyField({ optional: true, example: 'pro' })
  plan?: string;

  /** Created at or after. */
  @InstantField({ optional: true })
  from?: string;

  /** Created before. */
  @InstantField({ optional: true })
  to?: string;

  /**
   * Subscriptions of the customers of this test clock. Default: customers without a test clock.
   * @example 019a8f3e-5c1d-7b42-9e06-3f7a2d8c4b15
   */
  @IsOptional()
  @IsUUID()
  testClock?: string;

  /**
   * Only subscriptions that end without renewal within this time, earliest first. Not with status, plan, from, to or
   * testClock.
   * @example 7d
   */
  @IsOptional()
  @Matches(/^[1-9]\d{0,3}[hd]$/, { message: 'must be hours or days, such as 36h or 7d' })
  expiringWithin?: string;
}

export class SoldPlanDto {
  key: string;
  /** Name of the plan at the time of sale. */
  name: string;
  version: number;
}

export class SoldPriceDto {
  /** Price of one unit, in minor units. */
  amount: number;
  currency: string;
  interval: Interval;
  intervalCount: number;
  /** Prices of more units. Absent: each unit costs `amount`. */
  tiers?: PriceTiersDto;
}

export class ScheduledChangeDto {
  plan: SoldPlanDto;
  price: SoldPriceDto;
  quantity: number;
  effectiveAt: string;
}

/** An add-on of a subscription, with its content as sold. */
export class SubscriptionAddOnDto {
  key: string;
  name: string;
  quantity: number;
  /** When it was added, or its quantity last changed. */
  since: string;
  /** Charged with the periods of the plan where billing is on. */
  prices: PriceDto[];
  entitlements: PlanEntitlementDto[];
}

/** A subscription of a customer on one product, with its current status. */
export class SubscriptionDto {
  id: string;
  /** Key of the customer. */
  customer: string;
  product: string;
  plan: SoldPlanDto;
  price: SoldPriceDto;
  quantity: number;
  status: SubscriptionStatus;
  /** In the future for a scheduled subscription, which is inactive until then. */
  startedAt: Date;
  currentPeriodStart: Date;
  /** End, exclusive. null: indefinite. */
  currentPeriodEnd: Date | null;
  /** Periods are counted from here. */
  billingAnchor: Date;
  /** Periods after the current one are counted from here. null: from `billingAnchor`. */
  nextBillingAnchor: Date | null;
  /** Agreed end, exclusive, which cuts the last period. null: none. */
  endsAt: Date | null;
  trialEnd: Date | null;
  autoRenew: boolean;
  /** Further periods agreed by manual renewal. */
  prepaidPeriods: number;
  cancelAtPeriodEnd: boolean;
  canceledAt: Date | null;
  endedAt: Date | null;
  pausedAt: Date | null;
  /** When a payment failed, while the status is `past_due`; null else. */
  pastDueSince: Date | null;
  /**
   * While the status is `past_due`: checks are allowed until then, exclusive. null: they are denied, or it is not past
   * due.
   */
  graceEndsAt: Date | null;
  scheduledChange: ScheduledChangeDto | null;
  /** Add-ons, by key. */
  addOns: SubscriptionAddOnDto[];
  /** Increases by one with every change; the ETag. */
  version: number;
  createdAt: Date;
  updatedAt: Date;

  static of(subscription: Subscription, names: { customer: string; product: string }): SubscriptionDto {
    const {
      id,
      quantity,
      status,
      startedAt,
      currentPeriodStart,
      currentPeriodEnd,
      trialEnd,
      autoRenew,
      prepaidPeriods,
      cancelAtPeriodEnd,
    } = subscription;
    const { anchor: billingAnchor, nextAnchor: nextBillingAnchor, endsAt } = subscription;
    const { pastDueSince, graceEndsAt } = subscription;
    const { canceledAt, endedAt, pausedAt, scheduledChange, addOns, version, createdAt, updatedAt } = subscription;
    return {
      id,
      ...names,
      ...soldAs(subscription),
      quantity,
      status,
      startedAt,
      currentPeriodStart,
      currentPeriodEnd,
      billingAnchor,
      nextBillingAnchor,
      endsAt,
      trialEnd,
      autoRenew,
      prepaidPeriods,
      cancelAtPeriodEnd,
      canceledAt,
      endedAt,
      pausedAt,
      pastDueSince,
      graceEndsAt,
      scheduledChange: scheduledChange && {
        ...soldAs(scheduledChange),
        quantity: scheduledChange.quantity,
        effectiveAt: scheduledChange.effectiveAt,
      },
      addOns: Object.keys(addOns)
        .sort()
        .map((key) => ({ key, ...presentedAddOn(addOns[key]!) })),
      version,
      createdAt,
      updatedAt,
    };
  }
}

const presentedAddOn = ({ entitlements, ...addOn }: SoldAddOn): Omit<SubscriptionAddOnDto, 'key'> => ({
  ...addOn,
  entitlements: entitlements.map(({ feature, terms }) => ({ feature, ...terms })),
});

export function soldAs({
  planKey,
  planName,
  planVersion,
  price,
}: {
  planKey: string;
  planName: string;
  planVersion: number;
  price: SoldPrice;
}): { plan: SoldPlanDto; price: SoldPriceDto } {
  return { plan: { key: planKey, name: planName, version: planVersion }, price };
}

export class SubscriptionPageDto {
  data: SubscriptionDto[];
  hasMore: boolean;
  nextCursor: string | null;
}

export class ActorDto {
  kind: 'user' | 'api_key' | 'portal' | 'system';
  id: string | null;
}

/** One event of the timeline. */
export class TimelineEntryDto {
  id: string;
  type: string;
  /** Position among the events of this subscription, from 1. */
  sequence: number;
  actor: ActorDto;
  reason: string | null;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
  at: Date;

  static of({ id, type, sequence, actor, reason, before, after, at }: RecordedEvent): TimelineEntryDto {
    return { id, type, sequence, actor, reason, before, after, at };
  }
}

export class TimelinePageDto {
  data: TimelineEntryDto[];
  hasMore: boolean;
  nextCursor: string | null;
}
