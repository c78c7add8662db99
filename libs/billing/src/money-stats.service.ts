import { Injectable } from '@nestjs/common';
import { CatalogReader } from '@app/catalog';
import { TestClocksService } from '@app/customers';
import { Clock, invalidField } from '@app/kernel';
import { type CurrencyMoney, MoneyStatsRepository } from './money-stats.repository.js';
import type { StatsSubject } from './revenue-stats.service.js';

/** Money of a product in a span, and what is due at `asOf`. */
export interface ProductMoney {
  from: Date;
  to: Date;
  asOf: Date;
  currencies: CurrencyMoney[];
}

/** Span without `from`: 30 days. */
const DEFAULT_MS = 30 * 86_400_000;

/** Reads what was collected, refunded and failed, and what is outstanding. */
@Injectable()
export class MoneyStats {
  constructor(
    private readonly money: MoneyStatsRepository,
    private readonly catalog: CatalogReader,
    private readonly testClocks: TestClocksService,
    private readonly clock: Clock,
  ) {}

  /**
   * Money of a product by currency. Also when billing was switched off: its invoices are paid on.
   * @throws DomainError `product_not_found`, `test_clock_not_found`, `invalid_fields`
   * @example const { currencies } = await stats.ofProduct({ product: 'api', scope }, { from, to });
   */
  async ofProduct(
    { product, testClockId, scope }: StatsSubject,
    span: { from?: Date; to?: Date },
  ): Promise<ProductMoney> {
    const { id: productId } = await this.catalog.getProduct(product);
    const now = testClockId === undefined ? this.clock.now() : (await this.testClocks.get(testClockId, scope)).now;
    // Money that moves at the present instant is included.
    const to = span.to ?? new Date(now.getTime() + 1);
    const from = span.from ?? new Date(to.getTime() - DEFAULT_MS);
    if (from >= to) throw invalidField('from', 'must be before "to"');
    const query = { productId, testClockId: testClockId ?? null, from, to, now };
    return { from, to, asOf: now, currencies: await this.money.ofProduct(query) };
  }
}
