import { Injectable } from '@nestjs/common';
import { type Customer, CustomersService } from '@app/customers';
import { notFound, type Page, type PageRequest, type ScopeFilter, toPage } from '@app/kernel';
import { type MemberFilter, MembersRepository } from './members.repository.js';

/**
 * Which customers belong to which product: a customer is a member of every product on which it ever had a subscription.
 */
@Injectable()
export class MembersService {
  constructor(
    private readonly members: MembersRepository,
    private readonly customers: CustomersService,
  ) {}

  /**
   * True when the customer has, or ever had, a subscription on the product. Both by id.
   * @example if (await members.isMember(customer.id, product.id)) ...
   */
  isMember(customerId: string, productId: string): Promise<boolean> {
    return this.members.isMember(customerId, productId);
  }

  /** Ids of the products of which the customer is a member, in no particular order. */
  async productIdsOf(customerId: string): Promise<string[]> {
    return (await this.members.productIdsOf([customerId])).get(customerId) ?? [];
  }

  /**
   * The customer with this key, if the caller may see it.
   * @throws DomainError `customer_not_found` when it does not exist or is outside of the scope
   * @example const customer = await members.getInScope('user_42', scope.filter);
   */
  async getInScope(key: string, scope: ScopeFilter): Promise<Customer> {
    const customer = await this.customers.getByKey(key);
    const { customerId, productId } = scope;
    if (customerId !== null && customerId !== customer.id) throw notFound('customer');
    if (productId !== null && !(await this.members.isMember(customer.id, productId))) throw notFound('customer');
    return customer;
  }

  /** Customers of a scope and filter: those of one product, of one customer, or all. Default order: newest first. */
  async list(page: PageRequest, scope: ScopeFilter, filter: MemberFilter = {}): Promise<Page<Customer>> {
    return toPage(await this.members.list(page, scope, filter), page.limit);
  }
}
