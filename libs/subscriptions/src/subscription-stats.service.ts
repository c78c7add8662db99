import { Injectable } from '@nestjs/common';
import { CatalogReader } from '@app/catalog';
import { Clock, type Concern, DomainError, type ScopeFilter } from '@app/kernel';
import { Database } from '@app/platform';
import { isLive, type SubscriptionStatus } from './domain/subscription.js';
import { SubscriptionStatsRepository, type PlanStats } from './subscription-stats.repository.js';

export interface ProductStats {
  /** Instant of the count, by stored statuses. */
  asOf: Date;
  plans: PlanStats[];
}

const DAY_MS = 86_400_000;
const EVERY_MS = 60_000;
/** Counting uses at most one twentieth of the time of one process: larger tables are counted less often. */
const REST = 20;
const SOON_SECONDS = 10;

/** Subscription counts and recurring revenue. A job counts once a minute; reads return the last count. */
@Injectable()
export class SubscriptionStats {
  constructor(
    private readonly stats: SubscriptionStatsRepository,
    private readonly catalog: CatalogReader,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Counts all subscriptions when due and no other process is counting. @returns true when it counted */
  recount(): Promise<boolean> {
    return this.database.transaction(async () => {
      const now = this.clock.now();
      if (!(await this.stats.lockForCount(now))) return false;
      const counted = {
        now,
        aMonthBefore: new Date(now.getTime() - 30 * DAY_MS),
        aWeekLater: new Date(now.getTime() + 7 * DAY_MS),
      };
      const parts = [];
      for await (const range of this.stats.ranges()) parts.push(...(await this.stats.count(range, counted)));
      const took = this.clock.now().getTime() - now.getTime();
      await this.stats.replace(parts, { asOf: now, next: new Date(now.getTime() + Math.max(EVERY_MS, REST * took)) });
      return true;
    });
  }

  /**
   * Statistics of a product by key.
   * @throws DomainError `product_not_found`; `numbers_not_counted` before the first count
   * @example const { asOf, plans } = await stats.ofProduct('api');
   */
  async ofProduct(productKey: string): Promise<ProductStats> {
    const { id } = await this.catalog.getProduct(productKey);
    const { asOf, plans } = await this.stats.ofProduct(id);
    if (!asOf)
      throw new DomainError(
        'unavailable',
        'numbers_not_counted',
        'There is no count yet; a worker counts once a minute.',
        {
          retryAfterSeconds: SOON_SECONDS,
        },
      );
    return { asOf, plans };
  }

  /** Counts past due subscriptions in scope, by product: as they are now, not from the last count. */
  pastDue(scope: ScopeFilter): Promise<Concern[]> {
    return this.stats.pastDue(scope);
  }

  /** Live subscriptions of all products by status, from the last count. */
  async live(): Promise<{ status: SubscriptionStatus; subscriptions: number }[]> {
    return (await this.stats.byStatus()).filter(({ status }) => isLive(status));
  }
}
