import { Injectable } from '@nestjs/common';
import type { EntitlementTerms } from '@app/catalog';
import { type Customer, CustomersService } from '@app/customers';
import { amountOf } from '@app/kernel';
import { EntitlementsService, EntitlementSnapshots } from '@app/entitlements';
import { MeteringService } from '@app/metering';
import { type ChangePreview, LifecycleService, netOf, type Subscription } from '@app/subscriptions';
import {
  ChangePreviewDto,
  type EntitlementChangesDto,
  namedTerms,
  type OverLimitDto,
  ProrationLineDto,
  type UpcomingChargeDto,
} from './dto/preview.dto.js';
import { SubscriptionPresenter } from './subscription-presenter.js';

type Selection = Parameters<LifecycleService['previewChange']>[1];

/** Previews a change with the pure function that applies it. */
@Injectable()
export class PreviewChangeOperation {
  constructor(
    private readonly lifecycle: LifecycleService,
    private readonly customers: CustomersService,
    private readonly snapshots: EntitlementSnapshots,
    private readonly entitlements: EntitlementsService,
    private readonly metering: MeteringService,
    private readonly presenter: SubscriptionPresenter,
  ) {}

  /** @throws DomainError the errors of the change */
  async preview(subscription: Subscription, selection: Selection): Promise<ChangePreviewDto> {
    const preview = await this.lifecycle.previewChange(subscription, selection);
    const { transition } = preview;
    const { subscription: after, prorationLines = [], at } = transition;
    const customer = await this.customers.getById(after.customerId);
    const presented = await this.presenter.one(after, customer);
    return {
      effectiveAt:
        after.scheduledChange && selection.when === 'period_end' ? new Date(after.scheduledChange.effectiveAt) : at,
      lines: prorationLines.map(ProrationLineDto.of),
      total: { amount: netOf(prorationLines), currency: after.price.currency },
      nextCharge: nextCharge(after),
      entitlements: await this.changes(customer, presented.product, preview, selection.when === 'now'),
      subscription: presented,
    };
  }

  private async changes(
    customer: Customer,
    product: string,
    { before, transition: { subscription } }: ChangePreview,
    now: boolean,
  ): Promise<EntitlementChangesDto> {
    const snapshot = (await this.snapshots.getFresh(customer.key))!;
    const after = now ? subscription : (subscription.scheduledChange ?? subscription);
    const { gained, lost, changed } = await this.entitlements.difference(snapshot, before, after);
    const shrunk = [
      ...changed.map(({ feature, after: terms }) => ({ feature, terms })),
      ...lost.map(({ feature, terms }) => ({ feature, terms: nothingOf(terms) })),
    ];
    const over = await Promise.all(
      shrunk.map(({ feature, terms }) => this.overLimit({ customer, product, feature }, terms, now)),
    );
    return {
      gained: gained.map(({ feature, terms }) => namedTerms(feature, terms)),
      lost: lost.map(({ feature, terms }) => namedTerms(feature, terms)),
      changed: changed.map((one) => ({
        feature: one.feature,
        before: namedTerms(one.feature, one.before),
        after: namedTerms(one.feature, one.after),
      })),
      overLimit: over.filter((one) => one !== null),
    };
  }

  /** Usage in windows restarts with the next window; usage without a window does not. */
  private async overLimit(
    meter: { customer: Customer; product: string; feature: string },
    terms: EntitlementTerms,
    now: boolean,
  ): Promise<OverLimitDto | null> {
    if (terms.type !== 'metered' || terms.limit === null || !(now || terms.window === 'none')) return null;
    const { used = 0, reserved = 0 } = await this.metering.check({ ...meter, quantity: 1 });
    const taken = used + reserved;
    return taken > terms.limit ? { feature: meter.feature, used: taken, limit: terms.limit } : null;
  }
}

const nothingOf = (terms: EntitlementTerms): EntitlementTerms =>
  terms.type === 'metered' ? { ...terms, limit: 0 } : terms;

/** The charge for the next period, if the subscription renews automatically. */
function nextCharge({
  currentPeriodEnd,
  autoRenew,
  cancelAtPeriodEnd,
  scheduledChange,
  price,
  quantity,
}: Subscription): UpcomingChargeDto | null {
  if (currentPeriodEnd === null || !autoRenew || cancelAtPeriodEnd) return null;
  const next = scheduledChange ?? { price, quantity };
  return { at: currentPeriodEnd, amount: amountOf(next), currency: next.price.currency };
}
