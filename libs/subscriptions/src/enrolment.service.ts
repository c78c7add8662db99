import { Injectable } from '@nestjs/common';
import { CatalogReader } from '@app/catalog';
import { type Customer, type CustomerProfile, CustomersService, CustomerTime } from '@app/customers';
import { type Actor, DomainError, invalidField, newId } from '@app/kernel';
import { Events } from '@app/events';
import { Database, isUniqueViolation } from '@app/platform';
import { currentOf } from './domain/time.js';
import { start } from './domain/commands/index.js';
import { isLive, isUpcoming, eventPayload, type Subscription } from './domain/subscription.js';
import { LifecycleService, subscriptionExists } from './lifecycle.service.js';
import { type ChosenPlan, PlanSelector, type PlanSelection } from './plan-selector.js';
import { SubscriptionsRepository } from './subscriptions.repository.js';

/** A customer who is to be put on the plans of some products. */
export interface Enrolment {
  key: string;
  profile: CustomerProfile;
  /** Products to subscribe to; one without a plan for this customer is left out. */
  products: string[];
  /** Plan keys by product, where the assignment rules are not to choose. */
  plans?: Record<string, string>;
  selection?: Omit<PlanSelection, 'plan'>;
  /** What its time is told by; left out: real time. */
  testClockId?: string;
  actor: Actor;
}

/** A new contract for a customer who is there already. */
export interface SubscribeRequest {
  customer: Customer;
  productId: string;
  selection: PlanSelection;
  quantity?: number;
  /** Instead of the plan's own. */
  trialDays?: number;
  autoRenew?: boolean;
  /** Left out: at once. Later than a live one ends, if there is one. */
  startsAt?: Date;
  /** Where its periods are counted from; left out: its start, or the end of its trial. */
  billingAnchor?: Date;
  /** It ends only when somebody ends it. */
  indefinite?: boolean;
  actor: Actor;
}

/** Makes contracts: the first together with its customer, later ones for a customer who is there. */
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
   * Makes a customer and its first subscriptions in one transaction: neither ever exists without the other.
   * @throws DomainError `no_plan_assigned` when no product has a plan for this customer, `customer_exists`
   */
  async enrol(enrolment: Enrolment): Promise<{ customer: Customer; subscriptions: Subscription[] }> {
    const contracts = await this.chooseSubscriptions(enrolment);
    const [first] = contracts;
    if (!first)
      throw new DomainError('conflict', 'no_plan_assigned', 'No plan is assigned to customers like this one.');
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
      for (const { id, productId, chosen } of contracts) {
        subscriptions.push(
          await this.insert(
            { customer, productId, actor: enrolment.actor, selection: { plan: chosen.plan.planKey } },
            chosen,
            { id, usageSince: null },
          ),
        );
      }
      return { customer, subscriptions };
    });
  }

  /**
   * Puts an existing customer on a plan.
   * @throws DomainError `subscription_exists`, `plan_not_found`, `no_price`
   */
  async subscribe(contract: SubscribeRequest): Promise<Subscription> {
    const chosen = await this.plans.choose(contract.customer.id, contract.productId, contract.selection);
    return this.open(contract, chosen);
  }

  /** Puts an existing customer on the product's assigned plan, or the named one; leaves alone one who has or had a contract there. */
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
      throw new DomainError('conflict', 'no_plan_assigned', 'No plan is assigned to customers like this one.');
    return this.open(
      { customer, productId: product.id, selection: { plan: chosen.plan.planKey }, actor: options.actor },
      chosen,
    );
  }

  private open(contract: SubscribeRequest, chosen: ChosenPlan): Promise<Subscription> {
    const { customer, productId, startsAt } = contract;
    return this.database.transaction(async () => {
      await this.customers.lock(customer.id);
      const now = await this.time.of(customer);
      if (startsAt && startsAt < now) throw invalidField('startsAt', 'must not be in the past');
      const last = await this.applyDueToNewest(customer.id, productId);
      assertNoOverlap(last, startsAt ?? now);
      const hadTrial = await this.subscriptions.hadTrial(customer.id, productId);
      return this.insert({ ...contract, trialDays: hadTrial ? 0 : contract.trialDays }, chosen, {
        id: newId(),
        usageSince: usageSince(last, startsAt ?? now),
      });
    });
  }

  /** The newest contract, as it truly is. */
  private async applyDueToNewest(customerId: string, productId: string): Promise<Subscription | null> {
    const [newest] = await this.subscriptions.newest(customerId, productId);
    return newest ? this.lifecycle.applyDue(customerId, newest.id) : null;
  }

  private async insert(
    contract: SubscribeRequest,
    chosen: ChosenPlan,
    { id, usageSince }: { id: string; usageSince: Date | null },
  ): Promise<Subscription> {
    const { customer, productId } = contract;
    const transition = start(
      {
        id,
        customerId: customer.id,
        productId,
        testClockId: customer.testClockId,
        plan: chosen.plan,
        quantity: contract.quantity ?? 1,
        timezone: customer.timezone,
        startsAt: contract.startsAt ?? null,
        billingAnchor: contract.billingAnchor ?? null,
        trialDays: contract.trialDays ?? chosen.trialDays,
        autoRenew: contract.autoRenew ?? true,
        indefinite: contract.indefinite ?? false,
        usageSince,
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
      subject: { type: 'subscription', id },
      customerId: customer.id,
      productId,
      actor: contract.actor,
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
    const contracts = [];
    for (const key of products) {
      const product = await this.catalog.getProduct(key);
      const chosen = await this.plans.forNewCustomer(product.id, buyer, plans[key], selection);
      if (chosen) contracts.push({ id: newId(), productId: product.id, chosen });
    }
    return contracts;
  }
}

/** One after the other: the next may begin where the last has been told to end, and no sooner. @throws DomainError `subscription_exists` */
function assertNoOverlap(last: Subscription | null, startsAt: Date): void {
  if (!last || last.endedAt !== null) return;
  const ends = isLive(last.status) && last.cancelAtPeriodEnd ? last.currentPeriodEnd : null;
  if (isUpcoming(last) || ends === null || startsAt < ends) throw subscriptionExists();
}

/** A contract that ended inside its period leaves its usage to the next one: leaving and coming back resets nothing. */
function usageSince(last: Subscription | null, startsAt: Date): Date | null {
  if (!last || last.endedAt === null) return null;
  return last.currentPeriodEnd === null || last.currentPeriodEnd > startsAt ? last.usagePeriodStart : null;
}
