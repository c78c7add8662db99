import { Injectable } from '@nestjs/common';
import { actorOf, type UserPrincipal } from '@app/auth';
import { type Customer, type CustomerProfile, CustomersService } from '@app/customers';
import { Database } from '@app/platform';
import { type OwnChanges, type User, UsersService } from '@app/users';

/** A person and the customer that they are. */
export interface Profile {
  user: User;
  customer: Customer;
}

/** What people see and change of themselves: the account and its customer as one. */
@Injectable()
export class ProfileService {
  constructor(
    private readonly users: UsersService,
    private readonly customers: CustomersService,
    private readonly database: Database,
  ) {}

  async get(userId: string): Promise<Profile> {
    const user = await this.users.getById(userId);
    return { user, customer: await this.customers.getById(user.customerId) };
  }

  /** @throws DomainError `invalid_fields` */
  update(
    principal: UserPrincipal,
    own: OwnChanges,
    profile: Pick<CustomerProfile, 'name' | 'region' | 'deviceType' | 'timezone'>,
  ): Promise<Profile> {
    const actor = actorOf(principal);
    return this.database.transaction(async () => {
      const customer = await this.customers.update(principal.customerId, profile, actor);
      return { customer, user: await this.users.updateOwn(principal.userId, own, actor) };
    });
  }
}
