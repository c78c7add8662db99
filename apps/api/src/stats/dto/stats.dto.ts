import { ApiProperty } from '@nestjs/swagger';
import { grouped, MAX_AMOUNT, totalOf } from '@app/kernel';
import type { CountedStep, FeatureUsage, ProductUsage, SeriesStep } from '@app/metering';
import {
  isLive,
  type PlanStats,
  type ProductStats,
  SUBSCRIPTION_STATUSES,
  type SubscriptionStatus,
} from '@app/subscriptions';
import { FeatureField } from '../../http/input/fields.js';
import { UsageSpanDto, UsageStepDto } from '../../usage/dto/usage-series.dto.js';

const byPlan = (rows: PlanStats[]): [string, PlanStats[]][] => [...grouped(rows, ({ plan }) => plan)];

/** Subscriptions by stored status, except those on test clocks. */
export class SubscriptionCountsDto {
  /** Trialing, active, past due, paused, and canceled subscriptions that have not ended. */
  live: number;
  @ApiProperty({
    type: 'object',
    properties: Object.fromEntries(SUBSCRIPTION_STATUSES.map((status) => [status, { type: 'integer' }])),
    required: [...SUBSCRIPTION_STATUSES],
  })
  statuses: Record<SubscriptionStatus, number>;
  /** Live subscriptions that end within seven days without renewal. */
  ending: number;
  /** Started within the last 30 days. */
  started: number;
  /** Canceled within the last 30 days, ended or not. */
  canceled: number;
  /** Ended within the last 30 days. */
  ended: number;

  static of(rows: PlanStats[]): SubscriptionCountsDto {
    const of = (status: SubscriptionStatus): number =>
      totalOf(
        rows.filter((row) => row.status === status),
        'subscriptions',
      );
    return {
      live: totalOf(
        rows.filter(({ status }) => isLive(status)),
        'subscriptions',
      ),
      statuses: Object.fromEntries(SUBSCRIPTION_STATUSES.map((status) => [status, of(status)])) as Record<
        SubscriptionStatus,
        number
      >,
      ending: totalOf(rows, 'ending'),
      started: totalOf(rows, 'started'),
      canceled: totalOf(rows, 'canceled'),
      ended: totalOf(rows, 'ended'),
    };
  }
}

export class PlanCountsDto extends SubscriptionCountsDto {
  /** Key of the plan. */
  plan: string;
}

export class SubscriptionStatsDto extends SubscriptionCountsDto {
  /** Time of the count: at most about one minute ago with a few million subscriptions. */
  asOf: Date;
  /** Plans that have subscriptions. */
  plans: PlanCountsDto[];

  static ofProduct({ asOf, plans }: ProductStats): SubscriptionStatsDto {
    return {
      asOf,
      ...SubscriptionCountsDto.of(plans),
      plans: byPlan(plans).map(([plan, rows]) => ({ plan, ...SubscriptionCountsDto.of(rows) })),
    };
  }
}

/**
 * Recurring revenue of paid subscriptions: price x quantity, per month and year, in minor units. A sum beyond 2^53-1 is
 * shown as 9007199254740991.
 */
export class RevenueDto {
  /** One twelfth of the yearly amount. */
  monthly: number;
  yearly: number;
  /** Number of paying subscriptions: active, past due, or canceled and not ended, with a price above zero. */
  subscriptions: number;

  static of(rows: PlanStats[]): RevenueDto {
    return {
      monthly: Math.min(MAX_AMOUNT, totalOf(rows, 'monthly')),
      yearly: Math.min(MAX_AMOUNT, totalOf(rows, 'yearly')),
      subscriptions: totalOf(rows, 'paying'),
    };
  }
}

export class PlanRevenueDto extends RevenueDto {
  /** Key of the plan. */
  plan: string;
}

export class CurrencyRevenueDto extends RevenueDto {
  /** ISO 4217. */
  currency: string;
  plans: PlanRevenueDto[];
}

export class RevenueStatsDto {
  /** Time of the calculation: at most about one minute ago with a few million subscriptions. */
  asOf: Date;
  /** Currencies with paying subscriptions. */
  currencies: CurrencyRevenueDto[];

  static ofProduct({ asOf, plans }: ProductStats): RevenueStatsDto {
    const paid = grouped(
      plans.filter(({ paying }) => paying > 0),
      ({ currency }) => currency,
    );
    const currencies = [...paid].map(([currency, rows]) => ({
      currency,
      ...RevenueDto.of(rows),
      plans: byPlan(rows).map(([plan, own]) => ({ plan, ...RevenueDto.of(own) })),
    }));
    return { asOf, currencies };
  }
}

export class UsageStatsQueryDto extends UsageSpanDto {
  /** Key of a feature. Default: all features of the product. */
  @FeatureField({ optional: true })
  feature?: string;
}

export class UsageStatsStepDto extends UsageStepDto implements CountedStep {
  /** Number of ledger entries, corrections included. */
  records: number;
}

export class FeatureUsageDto implements FeatureUsage {
  /** Key of the feature. */
  feature: string;
  /** Units in all steps. A sum beyond 2^53-1 is shown as 9007199254740991. */
  quantity: number;
  records: number;
  data: UsageStatsStepDto[];
}

/** Usage of all customers, except those on test clocks; features and steps without usage are omitted. */
export class UsageStatsDto implements ProductUsage {
  /** Usage recorded before this time is included: one to two minutes ago while workers run. */
  asOf: Date;
  by: SeriesStep;
  from: Date;
  to: Date;
  features: FeatureUsageDto[];
}
