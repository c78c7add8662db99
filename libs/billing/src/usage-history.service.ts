import { Injectable } from '@nestjs/common';
import { CatalogReader } from '@app/catalog';
import { grouped } from '@app/kernel';
import type { OverrideTerms, SubscriptionTerms, TermsHistory } from './domain/usage-terms.js';
import { type SubscriptionFacts, UsageHistoryRepository } from './usage-history.repository.js';

/** Names a subscription with its product. */
export interface SubscriptionOfProduct {
  customerId: string;
  subscriptionId: string;
  productId: string;
}

/** Reconstructs the terms of usage of subscriptions through time, from events: the same events give the same terms. */
@Injectable()
export class UsageHistory {
  constructor(
    private readonly history: UsageHistoryRepository,
    private readonly catalog: CatalogReader,
  ) {}

  /** @returns the history of each subscription by its id; absent for one without events */
  async ofSubscriptions(subscriptions: SubscriptionOfProduct[]): Promise<Map<string, TermsHistory>> {
    const facts = grouped(
      await this.history.subscriptionFacts(subscriptions.map(({ subscriptionId }) => subscriptionId)),
      ({ subscriptionId }) => subscriptionId,
    );
    const customerIds = [...new Set(subscriptions.map(({ customerId }) => customerId))];
    const overrides = grouped(await this.history.overrideFacts(customerIds), ({ customerId }) => customerId);
    const histories = new Map<string, TermsHistory>();
    for (const { customerId, subscriptionId, productId } of subscriptions) {
      const own = facts.get(subscriptionId);
      if (!own) continue;
      histories.set(subscriptionId, {
        timezone: own.find(({ timezone }) => timezone !== null)?.timezone ?? 'UTC',
        subscription: await this.termsOf(productId, own),
        overrides: (overrides.get(customerId) ?? []).map(({ featureId, at, terms, expiresAt }): OverrideTerms => ({
          featureId,
          since: at,
          terms,
          expiresAt: expiresAt === null ? null : new Date(expiresAt),
        })),
      });
    }
    return histories;
  }

  private async termsOf(productId: string, facts: SubscriptionFacts[]): Promise<SubscriptionTerms[]> {
    const terms: SubscriptionTerms[] = [];
    for (const { at, plan, addOns, trialEnd, hasTrialEnd } of facts) {
      const before = terms.at(-1);
      const version = await this.catalog.getVersion(await this.catalog.planId(productId, plan.key), plan.version);
      terms.push({
        since: at,
        plan: { key: plan.key, name: plan.name, version: plan.version },
        entitlements: version.entitlements,
        addOns: addOns ?? before?.addOns ?? {},
        trialEnd: hasTrialEnd ? (trialEnd === null ? null : new Date(trialEnd)) : (before?.trialEnd ?? null),
      });
    }
    return terms;
  }
}
