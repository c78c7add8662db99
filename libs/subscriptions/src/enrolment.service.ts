import { Injectable } from '@nestjs/common';
import { CatalogReader } from '@app/catalog';
import { type Customer, type CustomerProfile, CustomersService, CustomerTime } from '@app/customers';
import { type Actor, DomainError, invalidField, newId } from '@app/kernel';
import { Events } from '@app/events';
import { Database, isUniqueViolation } from '@app/platform';
import { usageAnchorOf } from './domain/cadence.js';
import { currentOf } from './domain/time.js';
import { type NewSubscription, start } from './domain/commands/index.js';
import { isLive, isUpcoming, eventPayload, plannedEnd, type Subscription } from './domain/subscription.js';
import { LifecycleService, subscriptionExists } from './lifecycle.service.js';
import { type ChosenPlan, PlanSelector, type PlanSelection } from './plan-selector.js';
import { SubscriptionsRepository } from './subscriptions.repository.js';

/** A new customer with the products to subscribe to. */
export interface Enrolment {
  key: string;
  profile: CustomerProfile;
  /** Products to subscribe to; a product without a plan for this customer is skipped. */
  products: string[];
  /** Plan keys by product that replace the assignment rules. */
  plans?: Record<string, string>;
  selection?: Omit<PlanSelection, 'plan'>;
  /** Its test clock. Default: real time. */
  testClockId?: string;
  actor: Actor;
}

/** A new subscription of an existing customer. */
export interface SubscribeRequest {
  customer: Customer;
  productId: string;
  selection: PlanSelection;
  quantity?: number;
  /** Trial days that replace those of the plan. */
  trialDays?: number;
  autoRenew?: boolean;
  /** Start. Default: now. With a live subscription: not before its end. */
  startsAt?: Date;
  /** Anchor of the periods. Default: the start, or the end of the trial. */
  billingAnchor?: Date;
  /** Agreed end, also within a period. Default: none. */
  endsAt?: Date;
  /** True: it ends only by cancellation. */
  indefinite?: boolean;
  actor: Actor;
}

/** Creates subscriptions: the first together with its customer, later ones for existing customers. */
@Injectable()
export class EnrolmentService {
  constructor(
    private readonly catalog: CatalogReader,
    private readonly customers: CustomersService,
    private readonly subscriptions: SubscriptionsRepository,
    private readonly lifecycle: LifecycleService,
    private readonly plans: PlanSelector,
    private readonly database: Database,
    private readonly events: Events,
    private readonly time: CustomerTime,
  ) {}

  /**
   * Creates a customer and its first subscriptions in one transaction: neither exists without the other.
   * @throws DomainError `no_plan_assigned` when no product has a plan for this customer, `customer_exists`
   * @example
   * const profile = { region: 'DE', currency: 'EUR' };
   * const { customer } = await enrolment.enrol({ key: 'user_42', profile, products: ['api'], actor });
   */
  async enrol(enrolment: Enrolment): Promise<{ customer: Customer; subscriptions: Subscription[] }> {
    const chosenPlans = await this.chooseSubscriptions(enrolment);
    const [first] = chosenPlans;
    if (!first)
      throw new DomainError(
        'conflict',
        'no_plan_assigned',
        'No assignment rule has a plan for the region and device type of this customer; name a plan.',
      );
    return this.database.transaction(async () => {
      const customer = await this.customers.create(
        {
          ...enrolment.profile,
          id: newId(),
          key: enrolment.key,
          firstSubscriptionId: first.id,
          testClockId: enrolment.testClockId,
        },
        enrolment.actor,
      );
      const subscriptions: Subscription[] = [];
      for (const { id, productId, chosen } of chosenPlans) {
        subscriptions.push(
          await this.insert(
            { customer, productId, actor: enrolment.actor, selection: { plan: chosen.plan.planKey } },
            chosen,
            { id, usageSince: null, usageAnchor: null },
          ),
        );
      }
      return { customer, subscriptions };
    });
  }

  /**
   * Creates a subscription for an existing customer.
   * @throws DomainError `subscription_exists`, `plan_not_found`, `no_price`, `amount_too_large`, `invalid_fields`
   * @example await enrolment.subscribe({ customer, productId, selection: { plan: 'pro', interval: 'year' }, actor });
   */
  async subscribe(request: SubscribeRequest): Promise<Subscription> {
    const chosen = await this.plans.choose(request.customer.id, request.productId, request.selection);
    return this.open(request, chosen);
  }

  /**
   * Subscribes an existing customer to the assigned or named plan, unless it has or had a subscription on the product.
   * @returns the current subscription, new or existing
   * @throws DomainError `no_plan_assigned`, `plan_not_found`, `no_price`, `product_not_found`
   * @example const subscription = await enrolment.ensureSubscribed(customer, 'api', { plan: 'free', actor });
   */
  async ensureSubscribed(
    customer: Customer,
    productKey: string,
    options: { plan?: string; selection?: Omit<PlanSelection, 'plan'>; actor: Actor },
  ): Promise<Subscription> {
    const product = await this.catalog.getProduct(productKey);
    const current = currentOf(await this.subscriptions.newest(customer.id, product.id), await this.time.of(customer));
    if (current) return current;
    const chosen = await this.plans.forNewCustomer(product.id, customer, options.plan, options.selection);
    if (!chosen)
      throw new DomainError(
        'conflict',
        'no_plan_assigned',
        'No assignment rule has a plan for the region and device type of this customer; name a plan.',
      );
    return this.open(
      { customer, productId: product.id, selection: { plan: chosen.plan.planKey }, actor: options.actor },
      chosen,
    );
  }

  private open(request: SubscribeRequest, chosen: ChosenPlan): Promise<Subscription> {
    const { customer, productId, startsAt, endsAt, indefinite } = request;
    return this.database.transaction(async () => {
      await this.customers.lock(customer.id);
      const now = await this.time.of(customer);
      if (startsAt && startsAt < now) throw invalidField('startsAt', 'must not be in the past');
      if (endsAt && endsAt <= (startsAt ?? now)) throw invalidField('endsAt', 'must be after the start');
      if (endsAt && indefinite) throw invalidField('endsAt', 'must not be combined with indefinite');
      const last = await this.applyDueToNewest(customer.id, productId);
      assertNoOverlap(last, startsAt ?? now);
      const hadTrial = await this.subscriptions.hadTrial(customer.id, productId);
      return this.insert({ ...request, trialDays: hadTrial ? 0 : request.trialDays }, chosen, {
        id: newId(),
        ...usageOf(last, startsAt ?? now),
      });
    });
  }

  /** The newest subscription with its due transitions applied. */
  private async applyDueToNewest(customerId: string, productId: string): Promise<Subscription | null> {
    const [newest] = await this.subscriptions.newest(customerId, productId);
    return newest ? this.lifecycle.applyDue(customerId, newest.id) : null;
  }

  private async insert(
    request: SubscribeRequest,
    chosen: ChosenPlan,
    kept: KeptUsage & { id: string },
  ): Promise<Subscription> {
    const { customer, productId } = request;
    const transition = start(
      {
        ...kept,
        customerId: customer.id,
        productId,
        testClockId: customer.testClockId,
        plan: chosen.plan,
        quantity: request.quantity ?? 1,
        timezone: customer.timezone,
        startsAt: request.startsAt ?? null,
        billingAnchor: request.billingAnchor ?? null,
        endsAt: request.endsAt ?? null,
        trialDays: request.trialDays ?? chosen.trialDays,
        autoRenew: request.autoRenew ?? true,
        indefinite: request.indefinite ?? false,
      },
      await this.time.of(customer),
    );
    const { subscription } = transition;
    try {
      await this.subscriptions.insert(subscription);
    } catch (error) {
      if (isUniqueViolation(error, 'subscriptions_one_live') || isUniqueViolation(error, 'subscriptions_one_upcoming'))
        throw subscriptionExists();
      throw error;
    }
    await this.events.record({
      type: transition.type,
      subject: { type: 'subscription', id: subscription.id },
      customerId: customer.id,
      productId,
      actor: request.actor,
      before: null,
      after: eventPayload(subscription),
      at: transition.at,
    });
    return subscription;
  }

  private async chooseSubscriptions({
    products,
    plans = {},
    profile,
    selection,
  }: Enrolment): Promise<{ id: string; productId: string; chosen: ChosenPlan }[]> {
    const buyer = {
      region: profile.region ?? null,
      deviceType: profile.deviceType ?? null,
      currency: profile.currency ?? null,
    };
    const subscriptions = [];
    for (const key of products) {
      const product = await this.catalog.getProduct(key);
      const chosen = await this.plans.forNewCustomer(product.id, buyer, plans[key], selection);
      if (chosen) subscriptions.push({ id: newId(), productId: product.id, chosen });
    }
    return subscriptions;
  }
}

/**
 * Asserts that the new subscription starts at or after the end of the last one.
 * @throws DomainError `subscription_exists`
 */
function assertNoOverlap(last: Subscription | null, startsAt: Date): void {
  if (!last || last.endedAt !== null) return;
  const ends = isLive(last.status) ? plannedEnd(last) : null;
  if (isUpcoming(last) || ends === null || startsAt < ends) throw subscriptionExists();
}

type KeptUsage = Required<Pick<NewSubscription, 'usageSince' | 'usageAnchor'>>;

/**
 * A subscription that ended within its period passes its usage windows to the next one: returning does not reset usage.
 */
function usageOf(last: Subscription | null, startsAt: Date): KeptUsage {
  const endedEarly =
    last && last.endedAt !== null && (last.currentPeriodEnd === null || last.currentPeriodEnd > startsAt);
  return endedEarly
    ? { usageSince: last.usagePeriodStart, usageAnchor: usageAnchorOf(last) }
    : { usageSince: null, usageAnchor: null };
}
