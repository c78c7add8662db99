import { type ExecutionContext, Injectable, SetMetadata } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { type AccessScope, invalidField } from '@app/kernel';
import { type SubscriptionOwner, SubscriptionsService } from '@app/subscriptions';
import { type CompilableGuard, type RouteRequest, type RouteTarget, runGuard, type Step } from '../routes/route.js';
import { scopeOf } from './current-principal.decorator.js';
import { CustomerResolver, OWN_CUSTOMER } from './customer-resolver.js';

const RESOLVED = 'access:resolved';
type Resolved = 'customer' | 'cached customer' | 'subscription' | 'owner of subscription';
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * Resolves the customer that the path or the body names; `me`, or no name, is the caller's own customer.
 * `cached` takes it from this process's cache: only for routes whose own command verifies the customer's version.
 */
export const ResolveCustomer = ({ cached = false } = {}) =>
  SetMetadata(RESOLVED, cached ? 'cached customer' : 'customer');
/**
 * Resolves the subscription that the path names. `ownerOnly` resolves its id, customer and product, which never change:
 * for routes that read no more of it.
 */
export const ResolveSubscription = ({ ownerOnly = false } = {}) =>
  SetMetadata(RESOLVED, ownerOnly ? 'owner of subscription' : 'subscription');

/** Resolves the object that a request names, and answers 404 unless it exists in the caller's scope. */
@Injectable()
export class OwnerGuard implements CompilableGuard {
  constructor(
    private readonly reflector: Reflector,
    private readonly customers: CustomerResolver,
    private readonly subscriptions: SubscriptionsService,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    return runGuard(this, context);
  }

  compile({ handler }: RouteTarget): Step | null {
    const resolved = this.reflector.get<Resolved | undefined>(RESOLVED, handler);
    if (resolved === undefined) return null;
    return (request) => {
      const scope = scopeOf(request);
      if (resolved === 'cached customer') {
        const key = customerKeyIn(request);
        const customer = key === undefined ? null : this.customers.peek(key, scope);
        if (customer) return void (request.customer = customer);
      }
      return this.resolve(resolved, request, scope);
    };
  }

  private async resolve(resolved: Resolved, request: RouteRequest, scope: AccessScope): Promise<void> {
    if (resolved === 'subscription' || resolved === 'owner of subscription')
      return void (request.subscription = await this.subscriptionOf(request, resolved, scope));
    const key = customerKeyIn(request);
    if (key === undefined) return;
    if (resolved === 'customer') Object.assign(request, await this.customers.get(key, scope));
    else request.customer = await this.customers.getCached(key, scope);
  }

  private async subscriptionOf(
    { params }: FastifyRequest,
    resolved: 'subscription' | 'owner of subscription',
    scope: AccessScope,
  ): Promise<SubscriptionOwner> {
    const { id } = params as { id: string };
    if (!UUID.test(id)) throw invalidField('id', 'must be a UUID');
    const subscription = await (resolved === 'subscription'
      ? this.subscriptions.getById(id)
      : this.subscriptions.getOwner(id.toLowerCase()));
    scope.assertAdmits(subscription, 'subscription');
    return subscription;
  }
}

/**
 * The customer's key in the path or the body. Undefined if it is no string: the input pipe rejects it later, with its
 * field.
 */
function customerKeyIn({ params, body }: FastifyRequest): string | undefined {
  const named =
    (params as { customer?: string }).customer ?? (body as { customer?: unknown } | null)?.customer ?? OWN_CUSTOMER;
  return typeof named === 'string' ? named : undefined;
}
