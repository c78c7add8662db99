import { Injectable } from '@nestjs/common';
import { type Customer, CustomersService } from '@app/customers';
import { type CachedSnapshot, EntitlementSnapshots } from '@app/entitlements';
import { type AccessScope, DomainError, invalidField, notFound } from '@app/kernel';
import { MembersService } from '@app/subscriptions';

/** How a request names the caller's own customer. */
export const OWN_CUSTOMER = 'me';

/** A customer as the database has it, and its snapshot where this process had one in its cache. */
export interface ResolvedCustomer {
  customer: Customer;
  snapshot: CachedSnapshot | null;
}

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
    const snapshot = this.cachedSnapshot(key, scope);
    return snapshot !== null && isInScope(snapshot, scope) ? snapshot.customer : null;
  }

  /**
   * Reads the customer from the database, or compares its cached snapshot with it.
   * @param key of the customer, or `me`
   * @throws DomainError `customer_not_found` when it does not exist or is outside of the scope; `invalid_fields` for
   * `me` of a service
   */
  async get(key: string, scope: AccessScope): Promise<ResolvedCustomer> {
    const known = this.cachedSnapshot(key, scope);
    const snapshot = known && (await this.snapshots.getConfirmed(known.customer.key));
    // The key may belong to another customer by now, or the customer to another product: the database decides.
    if (snapshot && isInScope(snapshot, scope)) return { customer: snapshot.customer, snapshot };
    return { customer: await this.read(key, scope), snapshot: null };
  }

  /**
   * Like {@link get}, but takes the customer from a cached snapshot of any age if the snapshot shows that it is in the
   * scope.
   */
  async getCached(key: string, scope: AccessScope): Promise<Customer> {
    if (key === OWN_CUSTOMER) return (await this.get(key, scope)).customer;
    const snapshot = await this.snapshots.get(key);
    if (!snapshot) throw notFound('customer');
    // The customer may have become a member of the product since the snapshot: the database decides.
    return isInScope(snapshot, scope) ? snapshot.customer : this.read(key, scope);
  }

  /** Like {@link getCached}, but returns null where it throws. */
  async findCached(key: string, scope: AccessScope): Promise<Customer | null> {
    if (key === OWN_CUSTOMER && scope.ownCustomerId === null) return null;
    return this.getCached(key, scope).catch((error: unknown) => {
      if (error instanceof DomainError && error.code === 'customer_not_found') return null;
      throw error;
    });
  }

  private cachedSnapshot(key: string, scope: AccessScope): CachedSnapshot | null {
    return key === OWN_CUSTOMER ? this.snapshots.peekById(ownCustomerOf(scope)) : this.snapshots.peek(key);
  }

  private read(key: string, scope: AccessScope): Promise<Customer> {
    return key === OWN_CUSTOMER
      ? this.customers.getById(ownCustomerOf(scope))
      : this.members.getInScope(key, scope.filter);
  }
}

function ownCustomerOf({ ownCustomerId }: AccessScope): string {
  if (ownCustomerId === null)
    throw invalidField('customer', 'is required: the API key of a service has no own customer');
  return ownCustomerId;
}

function isInScope({ customer, subscriptions }: CachedSnapshot, scope: AccessScope): boolean {
  if (scope.isUnlimited) return true;
  const { customerId, productId } = scope.filter;
  return (customerId === null || customerId === customer.id) && (productId === null || subscriptions.has(productId));
}
