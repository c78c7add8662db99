import { IsOptional, IsUUID } from 'class-validator';
import type { CurrencyMoney, MonthlyRevenue, Outstanding, ProductMoney, RevenueByMonth } from '@app/billing';
import { InstantField } from '../../http/input/fields.js';
import { ProductOnlyDto } from '../../plans/dto/plan.dto.js';

class TestClockQueryDto extends ProductOnlyDto {
  /**
   * The customers of this test clock. Default: customers without a test clock.
   * @example 019a8f3e-5c1d-7b42-9e06-3f7a2d8c4b15
   */
  @IsOptional()
  @IsUUID()
  testClock?: string;
}

export class MrrStatsQueryDto extends TestClockQueryDto {
  /** Its month is the first one. Default: 11 months before the last one. */
  @InstantField({ optional: true })
  from?: string;

  /** Exclusive; default: now. */
  @InstantField({ optional: true })
  to?: string;
}

export class MoneyStatsQueryDto extends TestClockQueryDto {
  /** Default: 30 days before `to`. */
  @InstantField({ optional: true })
  from?: string;

  /** Exclusive; default: now. */
  @InstantField({ optional: true })
  to?: string;
}

/** Recurring revenue of one month and currency, per month, in minor units. */
export class MonthlyRevenueDto implements MonthlyRevenue {
  /** In UTC. @example 2026-11 */
  month: string;
  /** ISO 4217. */
  currency: string;
  /** Revenue at the start of the month. */
  start: number;
  /** First revenue of customers on the product, in the currency. */
  new: number;
  /** More revenue from subscriptions that had some: an upgrade, more seats, an add-on. */
  expansion: number;
  /** Less revenue from subscriptions that keep some; 0 or negative. */
  contraction: number;
  /** Subscriptions without revenue from now on: ended, paused or moved to a free plan; 0 or negative. */
  churn: number;
  /** Revenue from customers that had some before, and then none. */
  reactivation: number;
  /** Revenue at the end of the month: the sum of the other amounts. */
  end: number;
}

export class MrrStatsDto {
  /** Start of the first month. */
  from: Date;
  /** End of the last month. */
  to: Date;
  /** False while a job still reads the subscriptions from before billing was switched on. */
  complete: boolean;
  /** By currency, then month. */
  data: MonthlyRevenueDto[];

  static of({ from, to, complete, months }: RevenueByMonth): MrrStatsDto {
    return { from, to, complete, data: months };
  }
}

/** The amount due on open invoices, in minor units, by whole days since they were issued. */
export class OutstandingDto implements Outstanding {
  days0To30: number;
  days31To60: number;
  days61To90: number;
  over90Days: number;
  /** The sum of the others. */
  total: number;
}

/** Money in one currency, in minor units. A sum beyond 2^53-1 is shown as 9007199254740991. */
export class CurrencyMoneyDto implements CurrencyMoney {
  /** ISO 4217. */
  currency: string;
  /** Payments that succeeded in the span, before refunds. */
  collected: number;
  /** Refunds made in the span. */
  refunded: number;
  /** Attempts that failed in the span; an invoice that failed twice counts twice. */
  failed: number;
  outstanding: OutstandingDto;
  /** Due on invoices that were marked as uncollectible. */
  uncollectible: number;
}

export class MoneyStatsDto {
  from: Date;
  to: Date;
  /** Time of `outstanding` and `uncollectible`. */
  asOf: Date;
  /** Currencies with any amount. */
  data: CurrencyMoneyDto[];

  static of({ from, to, asOf, currencies }: ProductMoney): MoneyStatsDto {
    return { from, to, asOf, data: currencies };
  }
}
