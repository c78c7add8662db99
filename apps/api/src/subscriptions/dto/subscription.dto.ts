import { ApiProperty, IntersectionType, OmitType, PartialType } from '@nestjs/swagger';
import {
  IsBoolean,
  IsDateString,
  IsIn,
  IsInt,
  IsOptional,
  IsUUID,
  Matches,
  Max,
  Min,
  ValidateIf,
} from 'class-validator';
import { type Interval } from '@app/kernel';
import type { RecordedEvent } from '@app/events';
import { type SoldPrice, type Subscription, SUBSCRIPTION_STATUSES, type SubscriptionStatus } from '@app/subscriptions';
import {
  CurrencyField,
  CustomerField,
  FieldListField,
  InstantField,
  IntervalField,
  KeyField,
  ProductField,
  ReasonField,
  WhenField,
} from '../../http/input/fields.js';
import { ListQuery } from '../../http/pagination/list.query.js';

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
}

export class ReasonDto {
  /** Stored in the timeline. */
  @ReasonField({ optional: true })
  reason?: string;
}

/** Without `plan`, the plan, version and price stay as sold. */
export class ChangeSubscriptionDto extends IntersectionType(PartialType(PlanSelectionDto), ReasonDto) {
  /** `now`: immediately, with proration. `period_end`: with the next period. */
  @WhenField()
  when: 'now' | 'period_end';

  /**
   * false: no credit and no charge for the rest of the period. Only admins and API keys may set it.
   * @default true
   * @example true
   */
  @IsOptional()
  @IsBoolean()
  prorate?: boolean;
}

export class RenewSubscriptionDto extends ReasonDto {
  /**
   * `period_end`: agrees on one more period when the subscription does not renew automatically. `now`: starts a new
   * period immediately, with usage at zero and a credit for the rest of the old one; only admins and API keys may use
   * it. Either restarts a subscription that has ended.
   * @default period_end
   */
  @WhenField({ optional: true })
  when?: 'now' | 'period_end';
}

export class ExtendSubscriptionDto {
  /** New end of the current period, and of a running trial; later than the current end. */
  @InstantField()
  to: string;

  /** Why the period is extended: stored in the timeline. */
  @ReasonField({ nonEmpty: true })
  reason: string;
}

/** Exactly one of `anchor` and `dayOfMonth`. */
export class BillingAnchorDto extends ReasonDto {
  /** An instant on a boundary of the new periods; it may be past or future. */
  @InstantField({ optional: true })
  anchor?: string;

  /**
   * The day of the month on which periods start, at the time of day of the present ones; a short month uses its last
   * day. Only for prices per month or year.
   * @example 15
   */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(31)
  dayOfMonth?: number;

  /**
   * `now`: a period up to the next boundary replaces the rest of the current one. `period_end`: the current period
   * stays, and the next one ends at its first boundary. A trial keeps its end.
   */
  @WhenField()
  when: 'now' | 'period_end';

  /** With `now`: credits the rest of the period, and charges the period that replaces it. @default true */
  @IsOptional()
  @IsBoolean()
  prorate?: boolean;
}

export class AgreedEndDto extends ReasonDto {
  /** End, exclusive, in the future; null: none. */
  @ApiProperty({ type: String, nullable: true, example: '2027-12-31T23:00:00Z' })
  @ValidateIf((_, value) => value !== null)
  @IsDateString({ strict: true })
  endsAt: string | null;

  /** Credits the part of the current period that is cut, or charges the part that is added. @default true */
  @IsOptional()
  @IsBoolean()
  prorate?: boolean;
}

export class PaymentOutcomeDto extends ReasonDto {
  /**
   * `failed`: the subscription becomes past due and checks are denied. `succeeded`: it becomes active again.
   * @example failed
   */
  @IsIn(['failed', 'succeeded'])
  outcome: 'failed' | 'succeeded';
}

export class UpdateSubscriptionDto extends ReasonDto {
  /** false: the subscription expires at the end of its period. @example false */
  @IsBoolean()
  autoRenew: boolean;
}

export class CancelSubscriptionDto extends ReasonDto {
  /** `now`: ends immediately. `period_end`: live until `currentPeriodEnd`. */
  @WhenField()
  when: 'now' | 'period_end';

  /**
   * With `now`: credits the rest of the period. Only admins and API keys may set it.
   * @default false
   * @example true
   */
  @IsOptional()
  @IsBoolean()
  prorate?: boolean;
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
  /** Minor units. */
  amount: number;
  currency: string;
  interval: Interval;
  intervalCount: number;
}

export class ScheduledChangeDto {
  plan: SoldPlanDto;
  price: SoldPriceDto;
  quantity: number;
  effectiveAt: string;
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
  scheduledChange: ScheduledChangeDto | null;
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
    const { canceledAt, endedAt, pausedAt, scheduledChange, version, createdAt, updatedAt } = subscription;
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
      scheduledChange: scheduledChange && {
        ...soldAs(scheduledChange),
        quantity: scheduledChange.quantity,
        effectiveAt: scheduledChange.effectiveAt,
      },
      version,
      createdAt,
      updatedAt,
    };
  }
}

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
  kind: 'user' | 'api_key' | 'system';
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
