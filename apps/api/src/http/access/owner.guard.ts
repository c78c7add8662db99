import { type CanActivate, type ExecutionContext, Injectable, SetMetadata } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { confinedTo, type Principal } from '@app/auth';
import { CatalogReader } from '@app/catalog';
import { type Customer, CustomersService } from '@app/customers';
import { DomainError, invalidField } from '@app/kernel';
import { type Subscription, SubscriptionsService } from '@app/subscriptions';
import type { WithPrincipal } from './current-principal.decorator.js';
import { confinedProduct } from './product-key.decorator.js';

const OWNED = 'access:owned';
const OWN_CUSTOMER = 'me';
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** The route is about the customer named in its path or body; `me`, or nobody, is the caller's own. */
export const OfCustomer = () => SetMetadata(OWNED, 'customer');
/** The route is about the subscription named in its path. */
export const OfSubscription = () => SetMetadata(OWNED, 'subscription');

/** Finds what a request is about and makes sure that it is the caller's. What is not yours is not there: both are the same 404. */
@Injectable()
export class OwnerGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly customers: CustomersService,
    private readonly subscriptions: SubscriptionsService,
    private readonly catalog: CatalogReader,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const owned = this.reflector.get<'customer' | 'subscription' | undefined>(OWNED, context.getHandler());
    const request = context.switchToHttp().getRequest<FastifyRequest & WithPrincipal>();
    if (owned === 'customer') request.customer = await this.customerOf(request, request.principal!);
    if (owned === 'subscription') request.subscription = await this.subscriptionOf(request, request.principal!);
    return true;
  }

  private async customerOf({ params, body }: FastifyRequest, principal: Principal): Promise<Customer | undefined> {
    const named = (params as { customer?: string }).customer ?? (body as { customer?: unknown } | null)?.customer ?? OWN_CUSTOMER;
    // Anything but a text is refused, with its field, when the body is validated.
    if (typeof named !== 'string') return undefined;
    if (named === OWN_CUSTOMER) return this.customers.getById(ownCustomer(principal));
    const customer = await this.customers.getByKey(named);
    const only = confinedTo(principal);
    if (only !== null && only !== customer.id) throw new DomainError('not_found', 'customer_not_found', 'There is no such customer.');
    const product = confinedProduct(principal);
    if (product !== null && !(await this.customers.isMember(customer.id, product))) {
      throw new DomainError('not_found', 'customer_not_found', 'There is no such customer.');
    }
    return customer;
  }

  private async subscriptionOf({ params }: FastifyRequest, principal: Principal): Promise<Subscription> {
    const { id } = params as { id: string };
    if (!UUID.test(id)) throw invalidField('id', 'must be a UUID');
    const subscription = await this.subscriptions.getById(id);
    const only = confinedTo(principal);
    const product = confinedProduct(principal);
    const foreign = (only !== null && only !== subscription.customerId) || (product !== null && product !== (await this.catalog.productKey(subscription.productId)));
    if (foreign) throw new DomainError('not_found', 'subscription_not_found', 'There is no such subscription.');
    return subscription;
  }
}

function ownCustomer(principal: Principal): string {
  if (principal.customerId === null) throw invalidField('customer', 'is required: an API key of a service has no customer of its own');
  return principal.customerId;
}
