import { IntersectionType, OmitType, PartialType } from '@nestjs/swagger';
import { IsBoolean, IsIn, IsInt, IsOptional, IsUUID, Matches, Max, Min } from 'class-validator';
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
  @KeyField({ nonEmpty: true })
  plan: string;

  /** Left out: the one paid now, else the first that the plan has. */
  @IntervalField({ optional: true })
  interval?: Interval;

  /** With interval; left out: 1. */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(1_000)
  intervalCount?: number;

  /** @default 1 */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(1_000_000)
  quantity?: number;
}

export class CreateSubscriptionDto extends PlanSelectionDto {
  /** Key of the customer; people may leave it out or say "me". */
  @CustomerField({ optional: true })
  customer?: string;

  @ProductField()
  product?: string;

  @CurrencyField({ optional: true })
  currency?: string;

  /** Instead of the plan's own trial; not for people who subscribe themselves. */
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(730)
  trialDays?: number;

  /** false: it expires at the end of its first period. @default true */
  @IsOptional()
  @IsBoolean()
  autoRenew?: boolean;

  /** When it begins; left out: at once. May follow a subscription that is set to end by then. */
  @InstantField({ optional: true })
  startsAt?: string;

  /** Periods are counted from here, and the first one is shorter; left out: from the start, or the end of the trial. Not for people who subscribe themselves. */
  @InstantField({ optional: true })
  billingAnchor?: string;

  /** It has no period end: it ends when somebody ends it. Not for people who subscribe themselves. @default false */
  @IsOptional()
  @IsBoolean()
  indefinite?: boolean;
}

export class ReasonDto {
  /** Kept in the timeline. */
  @ReasonField({ optional: true })
  reason?: string;
}

/** Without a plan, the plan, version and price stay as they were sold. */
export class ChangeSubscriptionDto extends IntersectionType(PartialType(PlanSelectionDto), ReasonDto) {
  @WhenField()
  when: 'now' | 'period_end';

  /** false: nothing is credited, and nothing charged for the rest of a period that goes on. Not for people who change their own. @default true */
  @IsOptional()
  @IsBoolean()
  prorate?: boolean;
}

export class RenewSubscriptionDto extends ReasonDto {
  /**
   * period_end: one more period is agreed on, where the subscription does not renew by itself. now: a new period begins at once, its usage
   * counts anew and the rest of the old one is credited; not for people who renew their own. What is over begins again in either case.
   * @default period_end
   */
  @WhenField({ optional: true })
  when?: 'now' | 'period_end';
}

export class ExtendSubscriptionDto {
  /** The new end of the current period, and of a trial that runs: later than the present one. */
  @InstantField()
  to: string;

  @ReasonField({ nonEmpty: true })
  reason: string;
}

export class PaymentOutcomeDto extends ReasonDto {
  /** failed: past due, nothing is allowed; succeeded: as before. */
  @IsIn(['failed', 'succeeded'])
  outcome: 'failed' | 'succeeded';
}

export class UpdateSubscriptionDto extends ReasonDto {
  /** false: it expires at the end of its period. */
  @IsBoolean()
  autoRenew: boolean;
}

export class CancelSubscriptionDto extends ReasonDto {
  /** now: it ends at once; period_end: it lives until currentPeriodEnd. */
  @WhenField()
  when: 'now' | 'period_end';

  /** With now: the rest of the period is credited. Not for people who cancel their own. @default false */
  @IsOptional()
  @IsBoolean()
  prorate?: boolean;
}

export class HistoryQueryDto extends ListQuery {
  @ProductField()
  product?: string;

  @IsOptional()
  @IsIn(SUBSCRIPTION_STATUSES)
  status?: SubscriptionStatus;

  /** Made at or after. */
  @InstantField({ optional: true })
  from?: string;

  /** Made before. */
  @InstantField({ optional: true })
  to?: string;
}

export class LiveQueryDto {
  @ProductField()
  product?: string;

  /** As it was then. */
  @InstantField({ optional: true })
  at?: string;

  @FieldListField()
  fields?: string;
}

export class SubscriptionQueryDto extends OmitType(LiveQueryDto, ['product']) {}

export class SubscriptionListQueryDto extends ListQuery {
  @ProductField()
  product?: string;

  /** Left out: live ones. Follows what jobs have written down, a second late at most; the rows are told as they are now. */
  @IsOptional()
  @IsIn(SUBSCRIPTION_STATUSES)
  status?: SubscriptionStatus;

  /** Key of a plan: live ones on it. */
  @KeyField({ optional: true })
  plan?: string;

  /** Made at or after. */
  @InstantField({ optional: true })
  from?: string;

  /** Made before. */
  @InstantField({ optional: true })
  to?: string;

  /** Those of the customers of a test clock; left out: those of real time. */
  @IsOptional()
  @IsUUID()
  testClock?: string;

  /** Only those that end, unrenewed, in this time, the first to end first; not together with status, plan, from, to or testClock. @example 7d */
  @IsOptional()
  @Matches(/^[1-9]\d{0,3}[hd]$/, { message: 'must be hours or days, such as 36h or 7d' })
  expiringWithin?: string;
}

export class SoldPlanDto {
  key: string;
  /** As it was called when it was sold. */
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

/** A customer's contract on one product, as it truly is now. */
export class SubscriptionDto {
  id: string;
  /** Key of the customer. */
  customer: string;
  product: string;
  plan: SoldPlanDto;
  price: SoldPriceDto;
  quantity: number;
  status: SubscriptionStatus;
  /** Later than now for one that has not begun: it is inactive until then. */
  startedAt: Date;
  currentPeriodStart: Date;
  /** Exclusive. Null: indefinite. */
  currentPeriodEnd: Date | null;
  trialEnd: Date | null;
  autoRenew: boolean;
  /** Periods after this one that were agreed on by hand. */
  prepaidPeriods: number;
  cancelAtPeriodEnd: boolean;
  canceledAt: Date | null;
  endedAt: Date | null;
  pausedAt: Date | null;
  scheduledChange: ScheduledChangeDto | null;
  /** Grows by one with every change; the ETag. */
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

/** One thing that happened. */
export class TimelineEntryDto {
  id: string;
  type: string;
  /** 1, 2, 3 and so on: what happened to this subscription, in its order. */
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
