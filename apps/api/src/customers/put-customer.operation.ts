import { Injectable } from '@nestjs/common';
import { actorOf, type Principal } from '@app/auth';
import { type Customer, type CustomerProfile, CustomersService, TestClocksService } from '@app/customers';
import { DomainError, type Interval } from '@app/kernel';
import { Database } from '@app/platform';
import { EnrolmentService, type Subscription } from '@app/subscriptions';
import { ProductConfinement } from '../http/access/product-confinement.js';

export interface PutCustomer {
  key: string;
  profile: CustomerProfile;
  product: string;
  plan?: string;
  interval?: Interval;
  /** Id of the test clock that it lives by; only the first time. */
  testClock?: string;
  principal: Principal;
}

export interface PutOutcome {
  customer: Customer;
  subscription: Subscription;
  status: 200 | 201;
}

/** Makes a customer with its first subscription, or updates the one that is there. Two simultaneous calls make one. */
@Injectable()
export class PutCustomerOperation {
  constructor(
    private readonly customers: CustomersService,
    private readonly enrolment: EnrolmentService,
    private readonly clocks: TestClocksService,
    private readonly confinement: ProductConfinement,
    private readonly database: Database,
  ) {}

  /** @throws DomainError `no_plan_assigned`, `plan_not_found`, `product_not_found`, `test_clock_not_found`, `test_clock_fixed`, `invalid_fields` */
  async run(input: PutCustomer): Promise<PutOutcome> {
    const found = await this.customers.findByKey(input.key);
    if (found) return this.update(found, input);
    try {
      return await this.create(input);
    } catch (error) {
      const lost = error instanceof DomainError && error.code === 'customer_exists' && !this.database.inTransaction;
      if (!lost) throw error;
      return this.update(await this.customers.getByKey(input.key), input);
    }
  }

  private async create({
    key,
    profile,
    product,
    plan,
    interval,
    testClock,
    principal,
  }: PutCustomer): Promise<PutOutcome> {
    if (testClock) await this.clocks.get(testClock, await this.confinement.productId(principal));
    const plans = plan === undefined ? {} : { [product]: plan };
    const { customer, subscriptions } = await this.enrolment.enrol({
      key,
      profile,
      products: [product],
      plans,
      selection: { interval },
      testClockId: testClock,
      actor: actorOf(principal),
    });
    return { customer, subscription: subscriptions[0]!, status: 201 };
  }

  private update(
    found: Customer,
    { profile, product, plan, interval, testClock, principal }: PutCustomer,
  ): Promise<PutOutcome> {
    if (testClock && testClock !== found.testClockId)
      throw new DomainError('conflict', 'test_clock_fixed', 'What a customer lives by is settled when it is made.');
    const actor = actorOf(principal);
    return this.database.transaction(async () => {
      const customer = await this.customers.update(found.id, profile, actor);
      const subscription = await this.enrolment.ensureSubscribed(customer, product, {
        plan,
        selection: { interval },
        actor,
      });
      return { customer, subscription, status: 200 as const };
    });
  }
}
