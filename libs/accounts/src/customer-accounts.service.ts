import { Injectable } from '@nestjs/common';
import { actorOf, type Principal } from '@app/auth';
import { type Customer, type CustomerProfile, CustomersService, TestClocksService } from '@app/customers';
import { DomainError, type Interval } from '@app/kernel';
import { Database } from '@app/platform';
import {
  EnrolmentService,
  LifecycleService,
  MembersService,
  type OnCreated,
  type Subscription,
} from '@app/subscriptions';
import { UsersService } from '@app/users';
import { CustomerDataEraser } from './customer-data-eraser.js';

export interface PutCustomer {
  key: string;
  profile: CustomerProfile;
  /** Key of the product to subscribe to. */
  product: string;
  /** Plan key; left out: the assignment rules choose by region and device type. */
  plan?: string;
  interval?: Interval;
  /** Id of a test clock; only when the customer is created. */
  testClock?: string;
  /** Runs in the transaction that creates the subscription, if one is created. */
  onCreated?: OnCreated;
}

export interface PutCustomerResult {
  customer: Customer;
  subscription: Subscription;
  outcome: 'created' | 'updated';
}

/** Customers together with their subscriptions: creation, update and deletion in one transaction. */
@Injectable()
export class CustomerAccountsService {
  constructor(
    private readonly customers: CustomersService,
    private readonly enrolment: EnrolmentService,
    private readonly lifecycle: LifecycleService,
    private readonly clocks: TestClocksService,
    private readonly members: MembersService,
    private readonly users: UsersService,
    private readonly customerData: CustomerDataEraser,
    private readonly database: Database,
  ) {}

  /**
   * Creates a customer with its first subscription, or updates the customer with this key. Safe to repeat:
   * of two concurrent calls with one key, one creates and the other updates.
   *
   * @throws DomainError `no_plan_assigned`, `plan_not_found`, `product_not_found`, `test_clock_not_found`,
   * `test_clock_fixed` when the customer exists and lives by another clock, `invalid_fields`
   * @example
   * const { customer, subscription } = await customerAccounts.put(
   *   { key: 'acme', profile: { name: 'Acme', region: 'DE' }, product: 'default', plan: 'pro' },
   *   principal,
   * );
   */
  async put(input: PutCustomer, principal: Principal): Promise<PutCustomerResult> {
    const existing = await this.customers.findByKey(input.key);
    if (existing) return this.update(existing, input, principal);
    try {
      return await this.create(input, principal);
    } catch (error) {
      const lostRace = error instanceof DomainError && error.code === 'customer_exists' && !this.database.inTransaction;
      if (!lostRace) throw error;
      return this.update(await this.customers.getByKey(input.key), input, principal);
    }
  }

  /**
   * Ends all subscriptions of a customer and erases its personal data; usage and events stay. Its key is free again.
   *
   * @throws DomainError `customer_not_found`, `customer_has_user` when a user logs in as it,
   * `customer_of_other_products` when the caller is limited to one product and the customer has others
   * @example await customerAccounts.delete(customer.id, principal);
   */
  async delete(customerId: string, principal: Principal): Promise<void> {
    await this.database.transaction(async () => {
      const customer = await this.customers.lock(customerId);
      if (await this.users.findByCustomer(customerId))
        throw new DomainError(
          'conflict',
          'customer_has_user',
          'A user logs in as this customer; delete the user instead of the customer.',
        );
      await this.assertNoOtherProducts(customerId, principal);
      await this.lifecycle.endAll(customerId, actorOf(principal));
      await this.customers.erase(customer, actorOf(principal));
      await this.customerData.erase(customerId);
    });
  }

  private async assertNoOtherProducts(customerId: string, { scope }: Principal): Promise<void> {
    if ((await this.members.productIdsOf(customerId)).some((productId) => !scope.admits({ productId })))
      throw new DomainError(
        'conflict',
        'customer_of_other_products',
        'The customer has subscriptions on other products; cancel yours instead of deleting the customer.',
      );
  }

  private async create(
    { key, profile, product, plan, interval, testClock, onCreated }: PutCustomer,
    principal: Principal,
  ): Promise<PutCustomerResult> {
    if (testClock) await this.clocks.get(testClock, principal.scope.filter);
    const { customer, subscriptions } = await this.enrolment.enrol({
      key,
      profile,
      products: [product],
      plans: plan === undefined ? {} : { [product]: plan },
      selection: { interval },
      testClockId: testClock,
      onCreated,
      actor: actorOf(principal),
    });
    return { customer, subscription: subscriptions[0]!, outcome: 'created' };
  }

  private update(
    existing: Customer,
    { profile, product, plan, interval, testClock, onCreated }: PutCustomer,
    principal: Principal,
  ): Promise<PutCustomerResult> {
    if (testClock && testClock !== existing.testClockId)
      throw new DomainError(
        'conflict',
        'test_clock_fixed',
        'The test clock of a customer cannot be changed after creation.',
      );
    const actor = actorOf(principal);
    return this.database.transaction(async () => {
      const customer = await this.customers.update(existing.id, profile, actor);
      const options = { plan, selection: { interval }, onCreated, actor };
      const subscription = await this.enrolment.ensureSubscribed(customer, product, options);
      return { customer, subscription, outcome: 'updated' as const };
    });
  }
}
