import { Injectable } from '@nestjs/common';
import { CheckoutsService, CouponRedemptions, type PaymentBehavior, type Purchase } from '@app/billing';
import {
  type ChangeCommand,
  EnrolmentService,
  LifecycleService,
  type SubscribeRequest,
  type Subscription,
} from '@app/subscriptions';
import { CheckoutPresenter } from '../checkouts/checkout-presenter.js';
import type { CheckoutDto } from '../checkouts/dto/checkout.dto.js';
import type { SubscriptionDto } from './dto/subscription.dto.js';
import { SubscriptionPresenter } from './subscription-presenter.js';

/** Sells subscriptions and changes: immediately, or when the first invoice is paid. */
@Injectable()
export class PurchaseOperation {
  constructor(
    private readonly enrolment: EnrolmentService,
    private readonly lifecycle: LifecycleService,
    private readonly checkouts: CheckoutsService,
    private readonly coupons: CouponRedemptions,
    private readonly subscriptionPresenter: SubscriptionPresenter,
    private readonly checkoutPresenter: CheckoutPresenter,
  ) {}

  /** @param options.coupon key of a coupon that it has from its start */
  async subscribe(
    request: SubscribeRequest,
    { behavior = 'default', coupon }: { behavior?: PaymentBehavior; coupon?: string },
  ): Promise<SubscriptionDto | CheckoutDto> {
    if (behavior === 'pay_first') return this.present(await this.checkouts.subscribe(request, coupon));
    const onCreated = this.coupons.onCreated(coupon, request.actor);
    return this.subscriptionPresenter.one(await this.enrolment.subscribe({ ...request, onCreated }), request.customer);
  }

  async change(
    command: ChangeCommand & { subscription: Subscription },
    behavior: PaymentBehavior = 'default',
  ): Promise<SubscriptionDto | CheckoutDto> {
    if (behavior === 'pay_first') return this.present(await this.checkouts.change(command));
    return this.subscriptionPresenter.one(await this.lifecycle.change(command));
  }

  private present(purchase: Purchase): Promise<SubscriptionDto | CheckoutDto> {
    return 'checkout' in purchase
      ? this.checkoutPresenter.one(purchase.checkout)
      : this.subscriptionPresenter.one(purchase.subscription);
  }
}
