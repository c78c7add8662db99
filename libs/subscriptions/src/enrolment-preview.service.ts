import { Injectable } from '@nestjs/common';
import { CustomerTime } from '@app/customers';
import { newId } from '@app/kernel';
import { start } from './domain/commands/index.js';
import type { Transition } from './domain/subscription.js';
import type { SubscribeRequest } from './enrolment.service.js';
import { PlanSelector } from './plan-selector.js';

/** Previews new subscriptions. Nothing is written. */
@Injectable()
export class EnrolmentPreview {
  constructor(
    private readonly plans: PlanSelector,
    private readonly time: CustomerTime,
  ) {}

  /**
   * The subscription that `EnrolmentService.subscribe` would create, whether or not the customer has one already.
   * @throws DomainError `plan_not_found`, `no_price`, `amount_too_large`
   * @example const { subscription } = await preview.of({ customer, productId, selection: { plan: 'pro' } });
   */
  async of(request: Omit<SubscribeRequest, 'actor'>): Promise<Transition> {
    const { customer, productId, selection, quantity = 1, trialDays, billingAnchor = null } = request;
    const chosen = await this.plans.choose(customer.id, productId, selection);
    return start(
      {
        id: newId(),
        customerId: customer.id,
        productId,
        testClockId: customer.testClockId,
        plan: chosen.plan,
        quantity,
        timezone: customer.timezone,
        startsAt: request.startsAt ?? null,
        billingAnchor,
        endsAt: request.endsAt ?? null,
        trialDays: trialDays ?? chosen.trialDays,
        autoRenew: request.autoRenew ?? true,
        indefinite: request.indefinite ?? false,
        usageSince: null,
      },
      await this.time.of(customer),
    );
  }
}
