import { Injectable } from '@nestjs/common';
import { actorOf, type Principal } from '@app/auth';
import { type Customer, CustomersService } from '@app/customers';
import { DomainError } from '@app/kernel';
import { Database } from '@app/platform';
import { LifecycleService } from '@app/subscriptions';
import { UsersService } from '@app/users';
import { confinedProduct } from '../http/access/product-key.decorator.js';

/** Ends a customer's subscriptions and takes its personal data away, in one transaction. */
@Injectable()
export class DeleteCustomerOperation {
  constructor(
    private readonly customers: CustomersService,
    private readonly lifecycle: LifecycleService,
    private readonly users: UsersService,
    private readonly database: Database,
  ) {}

  /** @throws DomainError `customer_has_user` when somebody logs in as it, `customer_of_other_products` when it is not the caller's alone */
  async run({ id }: Customer, principal: Principal): Promise<void> {
    await this.database.transaction(async () => {
      const customer = await this.customers.lock(id);
      if (await this.users.findByCustomer(id)) {
        throw new DomainError(
          'conflict',
          'customer_has_user',
          'Somebody logs in as this customer; delete the user instead.',
        );
      }
      const only = confinedProduct(principal);
      if (only !== null && (await this.customers.productsOf(id)).some((product) => product !== only)) {
        throw new DomainError(
          'conflict',
          'customer_of_other_products',
          'Others have this customer too: end its subscription on your product instead.',
        );
      }
      await this.lifecycle.endAll(id, actorOf(principal));
      await this.customers.forget(customer, actorOf(principal));
    });
  }
}
