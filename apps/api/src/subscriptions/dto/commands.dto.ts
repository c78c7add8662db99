import { ApiProperty, IntersectionType, PartialType } from '@nestjs/swagger';
import { IsBoolean, IsIn, IsInt, IsOptional, Max, Min, ValidateIf } from 'class-validator';
import { PAYMENT_BEHAVIORS, type PaymentBehavior } from '@app/billing';
import { InstantField, IsInstant, ReasonField, WhenField } from '../../http/input/fields.js';
import { PlanSelectionDto } from './subscription.dto.js';

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

  /**
   * `pay_first`: it changes when its first invoice is paid; the answer is a checkout, which is given up after 23 hours.
   * When nothing is due, it takes effect immediately. Only for billed products.
   * @default default
   * @example pay_first
   */
  @IsOptional()
  @IsIn(PAYMENT_BEHAVIORS)
  paymentBehavior?: PaymentBehavior;
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

  /**
   * With `now`: credits the rest of the period, and charges the period that replaces it.
   * @default true
   * @example true
   */
  @IsOptional()
  @IsBoolean()
  prorate?: boolean;
}

export class AgreedEndDto extends ReasonDto {
  /** End, exclusive, in the future; null: none. */
  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: '2027-12-31T23:00:00Z' })
  @ValidateIf((_, value) => value !== null)
  @IsInstant()
  endsAt: string | null;

  /**
   * Credits the part of the current period that is cut, or charges the part that is added.
   * @default true
   * @example true
   */
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

export class PutAddOnDto extends ReasonDto {
  /**
   * Number of units; its limits count this many times.
   * @default 1
   * @example 2
   */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(1_000_000)
  quantity?: number;
}
