import { Injectable } from '@nestjs/common';
import { actorOf, type Principal } from '@app/auth';
import { type Customer, CustomersService } from '@app/customers';
import { DomainError } from '@app/kernel';
import { Database } from '@app/platform';
import { LifecycleService } from '@app/subscriptions';
import { UsersService } from '@app/users';

/** Ends a customer's subscriptions and takes its personal data away, in one transaction. */
@Injectable()
export class ForgetCustomerOperation {
  constructor(
    private readonly customers: CustomersService,
    private readonly lifecycle: LifecycleService,
    private readonly users: UsersService,
    private readonly database: Database,
  ) {}

  /** @throws DomainError `customer_has_user` when somebody logs in as it */
  async run({ id }: Customer, principal: Principal): Promise<void> {
    await this.database.transaction(async () => {
      const customer = await this.customers.lock(id);
      if (await this.users.existsForCustomer(id)) {
        throw new DomainError('conflict', 'customer_has_user', 'Somebody logs in as this customer; deactivate the user instead.');
      }
      await this.lifecycle.endAll(id, actorOf(principal));
      await this.customers.forget(customer, actorOf(principal));
    });
  }
}
