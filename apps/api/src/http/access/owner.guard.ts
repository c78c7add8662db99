import { type CanActivate, type ExecutionContext, Injectable, SetMetadata } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { confinedTo, type Principal } from '@app/auth';
import { CatalogReader } from '@app/catalog';
import { type Customer, CustomersService } from '@app/customers';
import { EntitlementSnapshots } from '@app/entitlements';
import { DomainError, invalidField } from '@app/kernel';
import { type Subscription, SubscriptionsService } from '@app/subscriptions';
import type { WithPrincipal } from './current-principal.decorator.js';
import { confinedProduct } from './product-key.decorator.js';

const OWNED = 'access:owned';
type Owned = 'customer' | 'known customer' | 'subscription';
const OWN_CUSTOMER = 'me';
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** The route is about the customer named in its path or body; `me`, or nobody, is the caller's own. */
export const ResolveCustomer = () => SetMetadata(OWNED, 'customer');
/** The same, for routes whose own work makes sure that the customer is still what this process remembers of it. */
export const ResolveCachedCustomer = () => SetMetadata(OWNED, 'known customer');
/** The route is about the subscription named in its path. */
export const ResolveSubscription = () => SetMetadata(OWNED, 'subscription');

/** Finds what a request is about and makes sure that it is the caller's. What is not yours is not there: both are the same 404. */
@Injectable()
export class OwnerGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly customers: CustomersService,
    private readonly subscriptions: SubscriptionsService,
    private readonly catalog: CatalogReader,
    private readonly holders: EntitlementSnapshots,
  ) {}

  /** Answers at once where it can: each wait costs every request. */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const owned = this.reflector.get<Owned | undefined>(OWNED, context.getHandler());
    if (owned === undefined) return true;
    const request = context.switchToHttp().getRequest<FastifyRequest & WithPrincipal>();
    if (owned === 'known customer') {
      const known = this.remembered(request, request.principal!);
      if (known) {
        request.customer = known;
        return true;
      }
    }
    return this.find(owned, request, request.principal!);
  }

  private async find(owned: Owned, request: FastifyRequest & WithPrincipal, principal: Principal): Promise<boolean> {
    if (owned === 'customer') request.customer = await this.customerOf(request, principal);
    if (owned === 'known customer') request.customer = await this.knownCustomerOf(request, principal);
    if (owned === 'subscription') request.subscription = await this.subscriptionOf(request, principal);
    return true;
  }

  /** Of a caller who may ask about anybody, a customer that this process has met. */
  private remembered({ params, body }: FastifyRequest, principal: Principal): Customer | null {
    const named = nameIn(params, body);
    if (named === undefined || confinedTo(principal) !== null || confinedProduct(principal) !== null) return null;
    return this.holders.peek(named)?.customer ?? null;
  }

  private async customerOf({ params, body }: FastifyRequest, principal: Principal): Promise<Customer | undefined> {
    const named = nameIn(params, body);
    if (named === undefined) return undefined;
    if (named === OWN_CUSTOMER) return this.customers.getById(ownCustomer(principal));
    const customer = await this.customers.getByKey(named);
    const only = confinedTo(principal);
    if (only !== null && only !== customer.id)
      throw new DomainError('not_found', 'customer_not_found', 'There is no such customer.');
    const product = confinedProduct(principal);
    if (product !== null && !(await this.customers.isMember(customer.id, product))) {
      throw new DomainError('not_found', 'customer_not_found', 'There is no such customer.');
    }
    return customer;
  }

  private async knownCustomerOf(request: FastifyRequest, principal: Principal): Promise<Customer | undefined> {
    const named = nameIn(request.params, request.body);
    if (named === undefined || named === OWN_CUSTOMER) return this.customerOf(request, principal);
    const holder = await this.holders.get(named);
    const only = confinedTo(principal);
    const product = confinedProduct(principal);
    const foreign =
      !holder ||
      (only !== null && only !== holder.customer.id) ||
      (product !== null && !holder.subscriptions.has((await this.catalog.getProduct(product)).id));
    // Somebody else's, or one who has just become the caller's: the database knows.
    return foreign ? this.customerOf(request, principal) : holder.customer;
  }

  private async subscriptionOf({ params }: FastifyRequest, principal: Principal): Promise<Subscription> {
    const { id } = params as { id: string };
    if (!UUID.test(id)) throw invalidField('id', 'must be a UUID');
    const subscription = await this.subscriptions.getById(id);
    const only = confinedTo(principal);
    const product = confinedProduct(principal);
    const foreign =
      (only !== null && only !== subscription.customerId) ||
      (product !== null && product !== (await this.catalog.productKey(subscription.productId)));
    if (foreign) throw new DomainError('not_found', 'subscription_not_found', 'There is no such subscription.');
    return subscription;
  }
}

/** The customer that a request names. Anything but a text is refused, with its field, when the body is validated. */
function nameIn(params: unknown, body: unknown): string | undefined {
  const named =
    (params as { customer?: string }).customer ?? (body as { customer?: unknown } | null)?.customer ?? OWN_CUSTOMER;
  return typeof named === 'string' ? named : undefined;
}

function ownCustomer(principal: Principal): string {
  if (principal.customerId === null)
    throw invalidField('customer', 'is required: an API key of a service has no customer of its own');
  return principal.customerId;
}
