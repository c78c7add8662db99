import { Injectable } from '@nestjs/common';
import { CatalogReader } from '@app/catalog';
import { type Customer, type CustomerProfile, CustomersService, CustomerTime } from '@app/customers';
import { type Actor, DomainError, invalidField, newId } from '@app/kernel';
import { Events, type KeyedEvent } from '@app/events';
import { Database, isUniqueViolation } from '@app/platform';
import { usageAnchorOf } from './domain/cadence.js';
import { currentOf } from './domain/time.js';
import { type NewSubscription, start } from './domain/commands/index.js';
import {
  isLive,
  isUpcoming,
  eventPayload,
  plannedEnd,
  type Subscription,
  type Transition,
} from './domain/subscription.js';
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
  onCreated?: OnCreated;
  actor: Actor;
}

/** Runs in the transaction that creates a subscription: its error undoes the creation. */
export type OnCreated = (subscription: Subscription) => Promise<void>;

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
  /** Its id, when it was promised before. Default: a new one. */
  id?: string;
  onCreated?: OnCreated;
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
    const { testClockId, onCreated } = enrolment;
    const insert = (): ReturnType<EnrolmentService['enrol']> => this.insertCustomer(enrolment, chosenPlans, first.id);
    if (testClockId === undefined && !onCreated) return insert();
    // A test clock is locked in the same transaction.
    return this.database.transaction(async () => {
      const created = await insert();
      for (const subscription of created.subscriptions) await onCreated?.(subscription);
      return created;
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
   * Previews `subscribe` by the same rules; the subscription is not written.
   * @throws DomainError the errors of `subscribe`
   * @example
   * const { subscription } = await enrolment.preview({ customer, productId, selection: { plan: 'pro' }, actor });
   */
  preview(request: SubscribeRequest): Promise<Transition> {
    return this.database.transaction(async () => {
      const chosen = await this.plans.choose(request.customer.id, request.productId, request.selection);
      const { allowed, kept } = await this.prepare(request);
      return this.begin(allowed, chosen, kept);
    });
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
    options: { plan?: string; selection?: Omit<PlanSelection, 'plan'>; onCreated?: OnCreated; actor: Actor },
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
    const { onCreated, actor } = options;
    const selection = { plan: chosen.plan.planKey };
    return this.open({ customer, productId: product.id, selection, onCreated, actor }, chosen);
  }

  private open(request: SubscribeRequest, chosen: ChosenPlan): Promise<Subscription> {
    return this.database.transaction(async () => {
      const { allowed, kept } = await this.prepare(request);
      return this.insert(allowed, chosen, kept);
    });
  }

  /**
   * Locks the customer and checks that the subscription may start.
   * @returns the request with the trial that the customer gets, and the usage that is kept
   */
  private async prepare(
    request: SubscribeRequest,
  ): Promise<{ allowed: SubscribeRequest; kept: KeptUsage & { id: string } }> {
    const { customer, productId, startsAt, endsAt, indefinite } = request;
    await this.customers.lock(customer.id);
    const now = await this.time.of(customer);
    if (startsAt && startsAt < now) throw invalidField('startsAt', 'must not be in the past');
    if (endsAt && endsAt <= (startsAt ?? now)) throw invalidField('endsAt', 'must be after the start');
    if (endsAt && indefinite) throw invalidField('endsAt', 'must not be combined with indefinite');
    const last = await this.applyDueToNewest(customer.id, productId);
    assertNoOverlap(last, startsAt ?? now);
    const hadTrial = await this.subscriptions.hadTrial(customer.id, productId);
    return {
      allowed: { ...request, trialDays: hadTrial ? 0 : request.trialDays },
      kept: { id: request.id ?? newId(), ...usageOf(last, startsAt ?? now) },
    };
  }

  /** The newest subscription with its due transitions applied. */
  private async applyDueToNewest(customerId: string, productId: string): Promise<Subscription | null> {
    const [newest] = await this.subscriptions.newest(customerId, productId);
    return newest ? this.lifecycle.applyDue(customerId, newest.id) : null;
  }

  /** Inserts a customer with its subscriptions: every write of the transaction is sent together with its commit. */
  private async insertCustomer(
    { profile, key, testClockId, actor }: Enrolment,
    chosenPlans: ChosenSubscription[],
    firstSubscriptionId: string,
  ): Promise<{ customer: Customer; subscriptions: Subscription[] }> {
    const customer = await this.customers.draft({ ...profile, id: newId(), key, firstSubscriptionId, testClockId });
    const started = await Promise.all(
      chosenPlans.map(async ({ id, product, chosen }) => {
        const kept = { id, usageSince: null, usageAnchor: null };
        const transition = await this.begin({ customer, productId: product.id }, chosen, kept);
        return { transition, event: eventOf(transition, { customer, product, actor }) };
      }),
    );
    return this.subscriptions.transaction(async (connection) => {
      const { event, write } = this.customers.insert(customer, actor, connection);
      const subscriptions = started.map(({ transition: { subscription } }) => subscription);
      return {
        answer: { customer, subscriptions },
        writes: [
          write,
          ...subscriptions.map((subscription) => this.subscriptions.insertFirst(subscription, connection)),
          this.events.recordAll(connection, [event, ...started.map((one) => one.event)]),
        ],
      };
    });
  }

  /** The new subscription and its event. */
  private async begin(
    request: Omit<SubscribeRequest, 'selection' | 'actor'>,
    chosen: ChosenPlan,
    kept: KeptUsage & { id: string },
  ): Promise<Transition> {
    const { customer, productId } = request;
    return start(
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
  }

  private async insert(
    request: SubscribeRequest,
    chosen: ChosenPlan,
    kept: KeptUsage & { id: string },
  ): Promise<Subscription> {
    const transition = await this.begin(request, chosen, kept);
    const { subscription } = transition;
    try {
      await this.subscriptions.insert(subscription);
    } catch (error) {
      if (isUniqueViolation(error, 'subscriptions_one_live') || isUniqueViolation(error, 'subscriptions_one_upcoming'))
        throw subscriptionExists();
      throw error;
    }
    const { customer, productId: id, actor } = request;
    const product = { id, key: await this.catalog.productKey(id) };
    await this.events.record(eventOf(transition, { customer, product, actor }));
    await request.onCreated?.(subscription);
    return subscription;
  }

  private async chooseSubscriptions({
    products,
    plans = {},
    profile,
    selection,
  }: Enrolment): Promise<ChosenSubscription[]> {
    const buyer = {
      region: profile.region ?? null,
      deviceType: profile.deviceType ?? null,
      currency: profile.currency ?? null,
    };
    const subscriptions = [];
    for (const key of products) {
      const product = await this.catalog.getProduct(key);
      const chosen = await this.plans.forNewCustomer(product.id, buyer, plans[key], selection);
      if (chosen) subscriptions.push({ id: newId(), product, chosen });
    }
    return subscriptions;
  }
}

/** A subscription to create, with its id. */
interface ChosenSubscription {
  id: string;
  product: { id: string; key: string };
  chosen: ChosenPlan;
}

const eventOf = (
  { type, subscription, at }: Transition,
  { customer, product, actor }: { customer: Customer; product: { id: string; key: string }; actor: Actor },
): KeyedEvent => ({
  type,
  subject: { type: 'subscription', id: subscription.id },
  customerId: customer.id,
  customerKey: customer.key,
  productId: product.id,
  productKey: product.key,
  actor,
  before: null,
  after: eventPayload(subscription),
  at,
});

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
