import { Injectable } from '@nestjs/common';
import { BillingSettingsService, CatalogReader } from '@app/catalog';
import { TestClocksService } from '@app/customers';
import { Clock, type ScopeFilter } from '@app/kernel';
import { type MonthlyRevenue, monthlyRevenue, monthSpan } from './domain/monthly-revenue.js';
import { RevenueRepository } from './revenue.repository.js';

/** A product, in real time or on a test clock that the caller may see. */
export interface StatsSubject {
  product: string;
  testClockId?: string;
  scope: ScopeFilter;
}

/** Recurring revenue of a product by month. */
export interface RevenueByMonth {
  from: Date;
  to: Date;
  /** False while a job still reads the history of the product. */
  complete: boolean;
  months: MonthlyRevenue[];
}

/** Reads recurring revenue and its movements. */
@Injectable()
export class RevenueStats {
  constructor(
    private readonly revenue: RevenueRepository,
    private readonly settings: BillingSettingsService,
    private readonly catalog: CatalogReader,
    private readonly testClocks: TestClocksService,
    private readonly clock: Clock,
  ) {}

  /**
   * Recurring revenue of a product by month and currency, with its movements: start + movements = end.
   * @throws DomainError `product_not_found`, `billing_off`, `test_clock_not_found`, `invalid_fields`
   * @example const { months } = await stats.byMonth({ product: 'api', scope }, {});
   */
  async byMonth(
    { product: key, testClockId, scope }: StatsSubject,
    span: { from?: Date; to?: Date },
  ): Promise<RevenueByMonth> {
    const { id: productId } = await this.catalog.getProduct(key);
    await this.settings.get(key);
    const now = testClockId === undefined ? this.clock.now() : (await this.testClocks.get(testClockId, scope)).now;
    const { months, from, to } = monthSpan(span, now);
    const sums = await this.revenue.sums({ productId, testClockId: testClockId ?? null }, { from, to, months });
    return {
      from,
      to,
      complete: !(await this.revenue.isBackfilling(productId)),
      months: monthlyRevenue(sums, months),
    };
  }
}
