import { type CanActivate, type ExecutionContext, Injectable, SetMetadata } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { type AccessScope, invalidField } from '@app/kernel';
import { type Subscription, SubscriptionsService } from '@app/subscriptions';
import { scopeOf, type WithPrincipal } from './current-principal.decorator.js';
import { CustomerResolver, OWN_CUSTOMER } from './customer-resolver.js';

const RESOLVED = 'access:resolved';
type Resolved = 'customer' | 'cached customer' | 'subscription';
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * Resolves the customer that the path or the body names; `me`, or no name, is the caller's own customer.
 * `cached` takes it from this process's cache: only for routes whose own command verifies the customer's version.
 */
export const ResolveCustomer = ({ cached = false } = {}) =>
  SetMetadata(RESOLVED, cached ? 'cached customer' : 'customer');
/** Resolves the subscription that the path names. */
export const ResolveSubscription = () => SetMetadata(RESOLVED, 'subscription');

/** Resolves the object that a request names, and answers 404 unless it exists in the caller's scope. */
@Injectable()
export class OwnerGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly customers: CustomerResolver,
    private readonly subscriptions: SubscriptionsService,
  ) {}

  /** Returns a promise only when it must wait: each promise costs every request. */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const resolved = this.reflector.get<Resolved | undefined>(RESOLVED, context.getHandler());
    if (resolved === undefined) return true;
    const request = context.switchToHttp().getRequest<FastifyRequest & WithPrincipal>();
    const scope = scopeOf(request);
    if (resolved === 'cached customer') {
      const key = customerKeyIn(request);
      const customer = key === undefined ? null : this.customers.peek(key, scope);
      if (customer) {
        request.customer = customer;
        return true;
      }
    }
    return this.resolve(resolved, request, scope);
  }

  private async resolve(
    resolved: Resolved,
    request: FastifyRequest & WithPrincipal,
    scope: AccessScope,
  ): Promise<boolean> {
    if (resolved === 'subscription') {
      request.subscription = await this.subscriptionOf(request, scope);
      return true;
    }
    const key = customerKeyIn(request);
    if (key === undefined) return true;
    request.customer = await (resolved === 'customer'
      ? this.customers.get(key, scope)
      : this.customers.getCached(key, scope));
    return true;
  }

  private async subscriptionOf({ params }: FastifyRequest, scope: AccessScope): Promise<Subscription> {
    const { id } = params as { id: string };
    if (!UUID.test(id)) throw invalidField('id', 'must be a UUID');
    const subscription = await this.subscriptions.getById(id);
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
