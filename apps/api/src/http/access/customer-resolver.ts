import { Injectable } from '@nestjs/common';
import { type Customer, CustomersService } from '@app/customers';
import { type CachedSnapshot, EntitlementSnapshots } from '@app/entitlements';
import { type AccessScope, DomainError, invalidField, notFound } from '@app/kernel';
import { MembersService } from '@app/subscriptions';

/** How a request names the caller's own customer. */
export const OWN_CUSTOMER = 'me';

/** Finds the customer that a request names, if the caller may see it. */
@Injectable()
export class CustomerResolver {
  constructor(
    private readonly customers: CustomersService,
    private readonly members: MembersService,
    private readonly snapshots: EntitlementSnapshots,
  ) {}

  /** The customer from the cache of this process, without a wait; null when the database must be read. */
  peek(key: string, scope: AccessScope): Customer | null {
    const snapshot = this.snapshots.peek(key);
    return snapshot !== null && isInScope(snapshot, scope) ? snapshot.customer : null;
  }

  /**
   * Reads the customer from the database.
   * @param key of the customer, or `me`
   * @throws DomainError `customer_not_found` when it does not exist or is outside of the scope; `invalid_fields` for
   * `me` of a service
   */
  get(key: string, scope: AccessScope): Promise<Customer> {
    if (key !== OWN_CUSTOMER) return this.members.getInScope(key, scope.filter);
    if (scope.ownCustomerId === null)
      throw invalidField('customer', 'is required: the API key of a service has no own customer');
    return this.customers.getById(scope.ownCustomerId);
  }

  /**
   * Like {@link get}, but takes the customer from a cached snapshot of any age if the snapshot shows that it is in the
   * scope.
   */
  async getCached(key: string, scope: AccessScope): Promise<Customer> {
    if (key === OWN_CUSTOMER) return this.get(key, scope);
    const snapshot = await this.snapshots.get(key);
    if (!snapshot) throw notFound('customer');
    // The customer may have become a member of the product since the snapshot: the database decides.
    return isInScope(snapshot, scope) ? snapshot.customer : this.get(key, scope);
  }

  /** Like {@link getCached}, but returns null where it throws. */
  async findCached(key: string, scope: AccessScope): Promise<Customer | null> {
    if (key === OWN_CUSTOMER && scope.ownCustomerId === null) return null;
    return this.getCached(key, scope).catch((error: unknown) => {
      if (error instanceof DomainError && error.code === 'customer_not_found') return null;
      throw error;
    });
  }
}

function isInScope({ customer, subscriptions }: CachedSnapshot, scope: AccessScope): boolean {
  if (scope.isUnlimited) return true;
  const { customerId, productId } = scope.filter;
  return (customerId === null || customerId === customer.id) && (productId === null || subscriptions.has(productId));
}
