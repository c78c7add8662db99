import { ApiProperty } from '@nestjs/swagger';
import { grouped, totalOf } from '@app/kernel';
import type { CountedStep, FeatureUsage, ProductUsage, SeriesStep } from '@app/metering';
import {
  isLive,
  type PlanStats,
  type ProductStats,
  SUBSCRIPTION_STATUSES,
  type SubscriptionStatus,
} from '@app/subscriptions';
import { FeatureField } from '../../http/input/fields.js';
import { UsageSpanDto, UsageStepDto } from '../../usage/dto/usage.dto.js';

const byPlan = (rows: PlanStats[]): [string, PlanStats[]][] => [...grouped(rows, ({ plan }) => plan)];

/** Contracts, but for those of test clocks, by the status that was written down last. */
export class SubscriptionCountsDto {
  /** Trialing, active, past due, paused, and canceled ones that have not ended yet. */
  live: number;
  @ApiProperty({
    type: 'object',
    properties: Object.fromEntries(SUBSCRIPTION_STATUSES.map((status) => [status, { type: 'integer' }])),
    required: [...SUBSCRIPTION_STATUSES],
  })
  statuses: Record<SubscriptionStatus, number>;
  /** Of the live ones, those that end within the next seven days and are not renewed. */
  ending: number;
  /** Those that began within the last thirty days. */
  started: number;
  /** Those that were canceled within the last thirty days, ended or not. */
  canceled: number;
  /** Those that ended within the last thirty days. */
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
  /** When they were counted: about a minute ago at most, where workers run and there are few millions. */
  asOf: Date;
  /** Only plans that have any. */
  plans: PlanCountsDto[];

  static ofProduct({ asOf, plans }: ProductStats): SubscriptionStatsDto {
    return {
      asOf,
      ...SubscriptionCountsDto.of(plans),
      plans: byPlan(plans).map(([plan, rows]) => ({ plan, ...SubscriptionCountsDto.of(rows) })),
    };
  }
}

/** What contracts that are paid for are worth: amount times quantity, brought to a month and a year, in minor units. */
export class RevenueDto {
  /** A twelfth of a year's. */
  monthly: number;
  yearly: number;
  /** How many contracts that is: active, past due and canceled ones that have not ended, with a price above nothing. */
  subscriptions: number;

  static of(rows: PlanStats[]): RevenueDto {
    return {
      monthly: totalOf(rows, 'monthly'),
      yearly: totalOf(rows, 'yearly'),
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
  /** When it was reckoned: about a minute ago at most, where workers run and there are few millions. */
  asOf: Date;
  /** Only currencies that anything is paid in. */
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
  /** Key of a feature; left out: all of the product. */
  @FeatureField({ optional: true })
  feature?: string;
}

export class UsageStatsStepDto extends UsageStepDto implements CountedStep {
  /** How many times that is: lines of the ledger, corrections among them. */
  records: number;
}

export class FeatureUsageDto implements FeatureUsage {
  /** Key of the feature. */
  feature: string;
  /** Units. */
  quantity: number;
  records: number;
  data: UsageStatsStepDto[];
}

/** What all customers together used, but for those of test clocks; features and steps without usage are left out. */
export class UsageStatsDto implements ProductUsage {
  /** All that was recorded until then is in it: one to two minutes ago, where workers run. */
  asOf: Date;
  by: SeriesStep;
  from: Date;
  to: Date;
  features: FeatureUsageDto[];
}
