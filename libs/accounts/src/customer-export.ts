import { Injectable } from '@nestjs/common';
import { type BillingProfile, BillingProfilesService, type CouponRedemption, CouponRedemptions } from '@app/billing';
import type { Customer } from '@app/customers';
import { type GrantOfFeature, GrantsService } from '@app/entitlements';
import { allRows } from '@app/kernel';
import { type UsageRecord, UsageRecordsRepository } from '@app/metering';
import { type StoredProrationLine, type Subscription, SubscriptionsService } from '@app/subscriptions';
import type { EventRecord } from './event-export.js';

/** One record about a customer. Proration lines, coupons and events of a subscription follow it. */
export type CustomerRecord =
  | { kind: 'subscription'; subscription: Subscription; customer: Customer }
  | { kind: 'proration_line'; line: StoredProrationLine; subscriptionId: string }
  | { kind: 'coupon_redemption'; redemption: CouponRedemption }
  | EventRecord
  | { kind: 'billing_profile'; profile: BillingProfile }
  | { kind: 'grant'; grant: GrantOfFeature }
  | { kind: 'usage'; usage: UsageRecord };

/** The data of a customer, a page at a time: subscriptions, grants, billing, usage. */
@Injectable()
export class CustomerExport {
  constructor(
    private readonly subscriptionHistory: SubscriptionsService,
    private readonly customerGrants: GrantsService,
    private readonly usageRecords: UsageRecordsRepository,
    private readonly billingProfiles: BillingProfilesService,
    private readonly couponRedemptions: CouponRedemptions,
  ) {}

  /** Subscriptions on all products, archived products included. */
  async *subscriptions(customer: Customer): AsyncGenerator<CustomerRecord> {
    for await (const subscription of allRows((page) => this.subscriptionHistory.history(customer.id, page, {}))) {
      const { id } = subscription;
      yield { kind: 'subscription', subscription, customer };
      for await (const line of allRows((page) => this.subscriptionHistory.prorationLines(id, page)))
        yield { kind: 'proration_line', line, subscriptionId: id };
      for await (const redemption of allRows((page) => this.couponRedemptions.list(subscription, page)))
        yield { kind: 'coupon_redemption', redemption };
      for await (const event of allRows((page) => this.subscriptionHistory.timeline(id, page)))
        yield { kind: 'event', event, subscriptionId: id };
    }
  }

  async *grants(customer: Customer): AsyncGenerator<CustomerRecord> {
    for await (const grant of allRows((page) => this.customerGrants.listAll(customer, page)))
      yield { kind: 'grant', grant };
  }

  async *billing(customer: Customer): AsyncGenerator<CustomerRecord> {
    const profile = await this.billingProfiles.get(customer);
    if (profile.version > 0) yield { kind: 'billing_profile', profile };
  }

  async *usage(customer: Customer): AsyncGenerator<CustomerRecord> {
    for await (const usage of allRows((page) => this.usageRecords.list(customer.id, page)))
      yield { kind: 'usage', usage };
  }
}
