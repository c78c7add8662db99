import { Injectable } from '@nestjs/common';
import { CatalogReader, hasUsagePrices } from '@app/catalog';
import type { Subscription } from '@app/subscriptions';
import { UsageHistoryRepository } from './usage-history.repository.js';

/** Whether usage of subscriptions may cost something. */
@Injectable()
export class UsagePrices {
  constructor(
    private readonly catalog: CatalogReader,
    private readonly history: UsageHistoryRepository,
  ) {}

  /** Returns which of these states of subscriptions may have usage that costs something. */
  async among(states: (Subscription | null)[]): Promise<(subscription: Subscription) => boolean> {
    const known = [...new Set(states)].filter((state) => state !== null);
    const own = await this.customersWithOwnPrices(known.map(({ customerId }) => customerId));
    const priced = new Set<Subscription>();
    for (const state of known) if (own.has(state.customerId) || (await this.has(state))) priced.add(state);
    return (subscription) => priced.has(subscription);
  }

  /** True when the plan version or an add-on of the subscription prices usage beyond a limit. */
  private async has({ productId, planKey, planVersion, addOns }: Subscription): Promise<boolean> {
    if (Object.values(addOns).some(({ entitlements }) => hasUsagePrices(entitlements))) return true;
    const planId = await this.catalog.planId(productId, planKey);
    return hasUsagePrices((await this.catalog.getVersion(planId, planVersion)).entitlements);
  }

  /** Those of the customers that had an override with a price at any time. */
  private async customersWithOwnPrices(customerIds: string[]): Promise<Set<string>> {
    const facts = await this.history.overrideFacts([...new Set(customerIds)]);
    return new Set(
      facts.flatMap(({ customerId, terms }) => (terms && hasUsagePrices([{ terms }]) ? [customerId] : [])),
    );
  }
}
