import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Principal } from '@app/auth';
import type { Customer } from '@app/customers';
import type { Subscription } from '@app/subscriptions';

/** What the guards learn about a request. */
export interface WithPrincipal {
  principal: Principal | null;
  customer?: Customer;
  subscription?: Subscription;
}

const fromRequest = <K extends keyof WithPrincipal>(name: K) =>
  createParamDecorator(
    (_: unknown, context: ExecutionContext) =>
      context.switchToHttp().getRequest<FastifyRequest & WithPrincipal>()[name],
  )();

/** Who calls; null only on public routes. */
export const CurrentPrincipal = () => fromRequest('principal');
/** The customer that the request is about, already checked to be the caller's to see (`@OfCustomer()`). */
export const CurrentCustomer = () => fromRequest('customer');
/** The subscription that the request is about, already checked to be the caller's to see (`@OfSubscription()`). */
export const CurrentSubscription = () => fromRequest('subscription');
