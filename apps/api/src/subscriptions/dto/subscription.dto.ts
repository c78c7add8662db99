import { IsBoolean, IsDateString, IsIn, IsInt, IsOptional, IsString, Length, Matches, Max, MaxLength, Min } from 'class-validator';
import { type Interval, INTERVALS } from '@app/kernel';
import type { RecordedEvent } from '@app/platform';
import { type SoldPrice, type Subscription, SUBSCRIPTION_STATUSES, type SubscriptionStatus } from '@app/subscriptions';
import { ListQuery } from '../../http/pagination/list.query.js';

export class PlanWishDto {
  /** Key of the plan. */
  @IsString()
  @Length(1, 64)
  plan: string;

  /** Left out: the one paid now, else the first that the plan has. */
  @IsOptional()
  @IsIn(INTERVALS)
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

export class CreateSubscriptionDto extends PlanWishDto {
  /** Key of the customer; people may leave it out or say "me". */
  @IsOptional()
  @IsString()
  @MaxLength(128)
  customer?: string;

  @IsOptional()
  @IsString()
  @MaxLength(64)
  product?: string;

  @IsOptional()
  @IsString()
  @Length(3, 3)
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
}

export class ChangeSubscriptionDto extends PlanWishDto {
  @IsIn(['now', 'period_end'])
  when: 'now' | 'period_end';
}

export class CancelSubscriptionDto {
  /** now: it ends at once; period_end: it lives until currentPeriodEnd. */
  @IsIn(['now', 'period_end'])
  when: 'now' | 'period_end';

  @IsOptional()
  @IsString()
  @MaxLength(500)
  reason?: string;
}

export class EmptyDto {}

export class HistoryQueryDto extends ListQuery {
  @IsOptional()
  @IsString()
  @MaxLength(64)
  product?: string;

  @IsOptional()
  @IsIn(SUBSCRIPTION_STATUSES)
  status?: SubscriptionStatus;

  /** Made at or after. */
  @IsOptional()
  @IsDateString({ strict: true })
  from?: string;

  /** Made before. */
  @IsOptional()
  @IsDateString({ strict: true })
  to?: string;
}

export class SubscriptionListQueryDto extends ListQuery {
  @IsOptional()
  @IsString()
  @MaxLength(64)
  product?: string;

  /** Only those that end, unrenewed, in this time. @example 7d */
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
  startedAt: Date;
  currentPeriodStart: Date;
  /** Exclusive. */
  currentPeriodEnd: Date;
  trialEnd: Date | null;
  autoRenew: boolean;
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
    const { id, quantity, status, startedAt, currentPeriodStart, currentPeriodEnd, trialEnd, autoRenew, cancelAtPeriodEnd } = subscription;
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
      cancelAtPeriodEnd,
      canceledAt,
      endedAt,
      pausedAt,
      scheduledChange: scheduledChange && { ...soldAs(scheduledChange), quantity: scheduledChange.quantity, effectiveAt: scheduledChange.effectiveAt },
      version,
      createdAt,
      updatedAt,
    };
  }
}

function soldAs({ planKey, planName, planVersion, price }: { planKey: string; planName: string; planVersion: number; price: SoldPrice }): { plan: SoldPlanDto; price: SoldPriceDto } {
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
  actor: ActorDto;
  reason: string | null;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
  at: Date;

  static of({ id, type, actor, reason, before, after, at }: RecordedEvent): TimelineEntryDto {
    return { id, type, actor, reason, before, after, at };
  }
}

export class TimelinePageDto {
  data: TimelineEntryDto[];
  hasMore: boolean;
  nextCursor: string | null;
}
