import { Injectable } from '@nestjs/common';
import { CatalogReader } from '@app/catalog';
import { type Customer, type CustomerProfile, CustomersService } from '@app/customers';
import { type Actor, Clock, DomainError, newId } from '@app/kernel';
import { Database, Events, isUniqueViolation } from '@app/platform';
import { asOf } from './domain/advance.js';
import { start } from './domain/commands.js';
import { isLive, subscriptionFacts, type Subscription } from './domain/subscription.js';
import { LifecycleService } from './lifecycle.service.js';
import { type ChosenPlan, PlanChoice, type PlanWish } from './plan-choice.js';
import { SubscriptionsRepository } from './subscriptions.repository.js';

/** A customer who is to be put on the plans of some products. */
export interface Enrolment {
  key: string;
  profile: CustomerProfile;
  /** Products to subscribe to; one without a plan for this customer is left out. */
  products: string[];
  /** Plan keys by product, where the assignment rules are not to choose. */
  plans?: Record<string, string>;
  wish?: Omit<PlanWish, 'plan'>;
  actor: Actor;
}

/** A new contract for a customer who is there already. */
export interface NewContract {
  customer: Customer;
  productId: string;
  wish: PlanWish;
  quantity?: number;
  /** Instead of the plan's own. */
  trialDays?: number;
  autoRenew?: boolean;
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
    private readonly plans: PlanChoice,
    private readonly database: Database,
    private readonly events: Events,
    private readonly clock: Clock,
  ) {}

  /**
   * Makes a customer and its first subscriptions in one transaction: neither ever exists without the other.
   * @throws DomainError `no_plan_assigned` when no product has a plan for this customer, `customer_exists`
   */
  async enrol(enrolment: Enrolment): Promise<{ customer: Customer; subscriptions: Subscription[] }> {
    const contracts = await this.chooseContracts(enrolment);
    const [first] = contracts;
    if (!first) throw new DomainError('conflict', 'no_plan_assigned', 'No plan is assigned to customers like this one.');
    return this.database.transaction(async () => {
      const customer = await this.customers.create({ ...enrolment.profile, id: newId(), key: enrolment.key, firstSubscriptionId: first.id }, enrolment.actor);
      const subscriptions: Subscription[] = [];
      for (const { id, productId, chosen } of contracts) {
        subscriptions.push(await this.insert({ customer, productId, actor: enrolment.actor, wish: { plan: chosen.plan.planKey } }, chosen, { id, usageSince: null }));
      }
      return { customer, subscriptions };
    });
  }

  /**
   * Puts an existing customer on a plan.
   * @throws DomainError `subscription_exists`, `plan_not_found`, `no_price`
   */
  async subscribe(contract: NewContract): Promise<Subscription> {
    const chosen = await this.plans.choose(contract.customer.id, contract.productId, contract.wish);
    return this.open(contract, chosen);
  }

  /** Puts an existing customer on the product's assigned plan, or the named one; leaves alone one who has or had a contract there. */
  async ensureSubscribed(customer: Customer, productKey: string, options: { plan?: string; wish?: Omit<PlanWish, 'plan'>; actor: Actor }): Promise<Subscription> {
    const product = await this.catalog.getProduct(productKey);
    const latest = await this.subscriptions.findLatest(customer.id, product.id);
    if (latest) return asOf(latest, this.clock.now());
    const chosen = await this.plans.forNewCustomer(product.id, customer, options.plan, options.wish);
    if (!chosen) throw new DomainError('conflict', 'no_plan_assigned', 'No plan is assigned to customers like this one.');
    return this.open({ customer, productId: product.id, wish: { plan: chosen.plan.planKey }, actor: options.actor }, chosen);
  }

  private open(contract: NewContract, chosen: ChosenPlan): Promise<Subscription> {
    const { customer, productId } = contract;
    return this.database.transaction(async () => {
      await this.customers.lock(customer.id);
      const latest = await this.subscriptions.findLatest(customer.id, productId);
      const settled = latest && (await this.lifecycle.settle(customer.id, latest.id));
      if (settled && isLive(settled.status)) throw exists();
      const hadTrial = await this.subscriptions.hadTrial(customer.id, productId);
      return this.insert({ ...contract, trialDays: hadTrial ? 0 : contract.trialDays }, chosen, { id: newId(), usageSince: this.usageSince(settled) });
    });
  }

  /** A contract that ended inside its period leaves its usage to the next one: leaving and coming back resets nothing. */
  private usageSince(last: Subscription | null): Date | null {
    return last && last.currentPeriodEnd > this.clock.now() ? last.usagePeriodStart : null;
  }

  private async insert(contract: NewContract, chosen: ChosenPlan, { id, usageSince }: { id: string; usageSince: Date | null }): Promise<Subscription> {
    const { customer, productId } = contract;
    const transition = start(
      {
        id,
        customerId: customer.id,
        productId,
        plan: chosen.plan,
        quantity: contract.quantity ?? 1,
        timezone: customer.timezone,
        trialDays: contract.trialDays ?? chosen.trialDays,
        autoRenew: contract.autoRenew ?? true,
        usageSince,
      },
      this.clock.now(),
    );
    const { subscription } = transition;
    try {
      await this.subscriptions.insert(subscription);
    } catch (error) {
      if (isUniqueViolation(error, 'subscriptions_one_live')) throw exists();
      throw error;
    }
    await this.events.record({
      type: transition.type,
      subject: { type: 'subscription', id },
      customerId: customer.id,
      actor: contract.actor,
      before: null,
      after: subscriptionFacts(subscription),
    });
    return subscription;
  }

  private async chooseContracts({ products, plans = {}, profile, wish }: Enrolment): Promise<{ id: string; productId: string; chosen: ChosenPlan }[]> {
    const buyer = { region: profile.region ?? null, deviceType: profile.deviceType ?? null, currency: profile.currency ?? null };
    const contracts = [];
    for (const key of products) {
      const product = await this.catalog.getProduct(key);
      const chosen = await this.plans.forNewCustomer(product.id, buyer, plans[key], wish);
      if (chosen) contracts.push({ id: newId(), productId: product.id, chosen });
    }
    return contracts;
  }
}

function exists(): DomainError {
  return new DomainError('conflict', 'subscription_exists', 'The customer has a live subscription on this product.');
}
