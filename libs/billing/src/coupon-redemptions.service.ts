import { Injectable } from '@nestjs/common';
import { CouponsService } from '@app/catalog';
import { CustomersService, CustomerTime } from '@app/customers';
import { Events, type EventType } from '@app/events';
import {
  type Actor,
  DomainError,
  grouped,
  newId,
  notFound,
  type Page,
  type PageRequest,
  SYSTEM_ACTOR,
  toPage,
} from '@app/kernel';
import { Database, isUniqueViolation } from '@app/platform';
import { isLive, isUpcoming, type OnCreated, type Subscription, SubscriptionsService } from '@app/subscriptions';
import { CouponRedemptionsRepository, type SubscriptionRef } from './coupon-redemptions.repository.js';
import { afterPeriod, assertRedeemable, type CouponRedemption, newRedemption } from './domain/coupon-redemption.js';

/** The most coupons of a subscription at a time: each is read for every invoice. */
const MAX_OPEN = 20;

/** A command on the coupons of a subscription. */
export interface CouponCommand {
  subscription: SubscriptionRef & { productId: string };
  actor: Actor;
}

/** Coupons on subscriptions. */
@Injectable()
export class CouponRedemptions {
  constructor(
    private readonly redemptions: CouponRedemptionsRepository,
    private readonly coupons: CouponsService,
    private readonly subscriptions: SubscriptionsService,
    private readonly customers: CustomersService,
    private readonly time: CustomerTime,
    private readonly database: Database,
    private readonly events: Events,
  ) {}

  /**
   * Puts a coupon on a subscription: it lowers the periods that begin from now on.
   * @throws DomainError `subscription_not_found`, `coupon_not_found`, `coupon_expired`, `coupon_not_for_plan`,
   * `coupon_in_other_currency`, `coupon_already_redeemed` (it is on this subscription), `coupon_used_up`,
   * `too_many_coupons`, `subscription_ended`
   * @example await redemptions.redeem({ subscription, actor }, 'launch');
   */
  redeem({ subscription: { customerId, id }, actor }: CouponCommand, couponKey: string): Promise<CouponRedemption> {
    return this.database.transaction(async () => {
      // One redemption of a customer at a time: positions ascend, and none is given to a deleted customer.
      const customer = await this.customers.lock(customerId);
      const subscription = await this.subscriptions.getById(id);
      if (!isLive(subscription.status) && !isUpcoming(subscription))
        throw new DomainError('conflict', 'subscription_ended', 'The subscription has ended.');
      return this.add(subscription, couponKey, { actor, at: await this.time.of(customer) });
    });
  }

  /**
   * Puts a coupon on a subscription that the running transaction starts or promises: its first invoice has it too.
   * @throws DomainError the errors of `redeem`; the caller's transaction then starts nothing
   */
  redeemAtStart(subscription: Subscription, couponKey: string, actor: Actor): Promise<CouponRedemption> {
    return this.add(subscription, couponKey, { actor, at: subscription.createdAt });
  }

  /**
   * For the commands that create subscriptions.
   * @returns undefined without a coupon
   * @example await enrolment.subscribe({ ...request, onCreated: redemptions.onCreated('launch', actor) });
   */
  onCreated(couponKey: string | undefined, actor: Actor): OnCreated | undefined {
    if (couponKey === undefined) return undefined;
    return async (subscription) => void (await this.redeemAtStart(subscription, couponKey, actor));
  }

  /**
   * The redemption that `redeemAtStart` would make; nothing is written.
   * @throws DomainError the errors of `redeem`
   */
  async preview(subscription: Subscription, couponKey: string): Promise<CouponRedemption> {
    const coupon = await this.coupons.getActive(subscription.productId, couponKey);
    assertRedeemable(coupon, subscription, subscription.createdAt);
    return newRedemption(coupon, subscription, { id: newId(), position: 1, at: subscription.createdAt });
  }

  /**
   * Takes back the coupons of a subscription that was promised and never started: they count no longer. Needs a
   * transaction.
   */
  async takeBack(promised: SubscriptionRef, { at, reason }: { at: Date; reason: string }): Promise<void> {
    const redeemed = await this.redemptions.lockAll(promised);
    if (redeemed.length === 0) return;
    await this.redemptions.update(redeemed.map((one) => ({ ...one, endedAt: at })));
    await this.coupons.uncountRedemptions(redeemed.map(({ couponId }) => couponId));
    await this.record(
      'coupon_redemption.ended',
      redeemed.filter(({ endedAt }) => endedAt === null),
      { actor: SYSTEM_ACTOR, at, reason },
    );
  }

  private async add(
    subscription: Subscription,
    couponKey: string,
    { actor, at }: { actor: Actor; at: Date },
  ): Promise<CouponRedemption> {
    const coupon = await this.coupons.getActive(subscription.productId, couponKey);
    assertRedeemable(coupon, subscription, at);
    const { open, position } = await this.redemptions.countOf(subscription);
    if (open >= MAX_OPEN)
      throw new DomainError(
        'conflict',
        'too_many_coupons',
        `A subscription has at most ${MAX_OPEN} coupons at a time.`,
      );
    const redemption = newRedemption(coupon, subscription, { id: newId(), position: position + 1, at });
    await this.insert(redemption);
    await this.coupons.countRedemption(coupon);
    await this.record('coupon_redemption.created', [redemption], { actor, at });
    return redemption;
  }

  /** Coupons of a subscription, newest first, ended ones too. */
  async list(subscription: SubscriptionRef, page: PageRequest): Promise<Page<CouponRedemption>> {
    return toPage(await this.redemptions.list(subscription, page), page.limit);
  }

  /**
   * Removes a coupon from a subscription: it lowers no further period. The period that it has lowered stays as it is,
   * and the redemption stays counted.
   * @throws DomainError `coupon_redemption_not_found`
   */
  remove({ subscription, actor }: CouponCommand, couponKey: string): Promise<void> {
    return this.database.transaction(async () => {
      const customer = await this.customers.lock(subscription.customerId);
      const found = await this.redemptions.lockOpen(subscription, couponKey);
      if (!found) throw notFound('coupon_redemption', 'coupon on this subscription');
      const endedAt = await this.time.of(customer);
      await this.redemptions.update([{ ...found, endedAt }]);
      await this.record('coupon_redemption.ended', [{ ...found, endedAt }], { actor, at: endedAt, reason: 'removed' });
    });
  }

  /**
   * The redemptions that may lower invoices of these subscriptions at an instant, by subscription, in the order in
   * which they lower them. `appliedRedemptions` selects those of one invoice.
   * @example
   * const found = await redemptions.ofSubscriptions([{ customerId, id }], billedAt);
   * const applied = appliedRedemptions(found.get(id) ?? [], invoice);
   */
  async ofSubscriptions(subscriptions: SubscriptionRef[], at: Date): Promise<Map<string, CouponRedemption[]>> {
    if (subscriptions.length === 0) return new Map();
    return grouped(await this.redemptions.ofSubscriptions(subscriptions, at), ({ subscriptionId }) => subscriptionId);
  }

  /**
   * Uses up one period of each redemption: for those that have lowered the invoice of a period, in its transaction,
   * also when nothing was left to pay. Twice for one period counts once. A redemption with no period left ends.
   * @param at the billing instant of the invoice: the start of the coupon period
   * @throws Error outside of a transaction
   * @example await redemptions.usePeriod(applied, billedAt);
   */
  async usePeriod(used: Pick<CouponRedemption, 'id' | 'customerId'>[], at: Date): Promise<void> {
    if (used.length === 0) return;
    const before = await this.redemptions.lock(used);
    const after = before.map((redemption) => afterPeriod(redemption, at));
    const changed = after.filter((redemption, index) => redemption !== before[index]);
    if (changed.length === 0) return;
    await this.redemptions.update(changed);
    const ended = after.filter(({ endedAt }, index) => endedAt !== null && before[index]!.endedAt === null);
    await this.record('coupon_redemption.ended', ended, { actor: SYSTEM_ACTOR, at, reason: 'used up' });
  }

  /** A promised subscription began: its coupons cover the period that begins now. Needs a transaction. */
  started(subscription: Pick<Subscription, 'customerId' | 'id' | 'currentPeriodStart'>): Promise<void> {
    return this.redemptions.moveCoverage(subscription, subscription.currentPeriodStart);
  }

  private async insert(redemption: CouponRedemption): Promise<void> {
    try {
      await this.redemptions.insert(redemption);
    } catch (error) {
      if (isUniqueViolation(error, 'coupon_redemptions_once'))
        throw new DomainError('conflict', 'coupon_already_redeemed', 'This coupon is on the subscription already.');
      throw error;
    }
  }

  private async record(
    type: EventType,
    redemptions: CouponRedemption[],
    { actor, at, reason }: { actor: Actor; at: Date; reason?: string },
  ): Promise<void> {
    if (redemptions.length === 0) return;
    await this.events.recordMany(
      redemptions.map(({ id, customerId, productId, subscriptionId, coupon, position, periodsUsed }) => ({
        type,
        subject: { type: 'coupon_redemption', id },
        customerId,
        productId,
        actor,
        at,
        reason,
        after: { subscription: subscriptionId, coupon: coupon.key, position, periodsUsed },
      })),
    );
  }
}
