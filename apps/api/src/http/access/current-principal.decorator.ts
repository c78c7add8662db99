import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Principal } from '@app/auth';
import type { Customer } from '@app/customers';
import { AccessScope } from '@app/kernel';
import type { Subscription } from '@app/subscriptions';

/** Values that the guards put on a request. */
export interface WithPrincipal {
  principal: Principal | null;
  customer?: Customer;
  subscription?: Subscription;
}

const fromRequest = <T>(read: (request: FastifyRequest & WithPrincipal) => T) =>
  createParamDecorator((_: unknown, context: ExecutionContext) =>
    read(context.switchToHttp().getRequest<FastifyRequest & WithPrincipal>()),
  )();

/** The scope of the caller. Made once for each session and API key, and cached with it. */
export const scopeOf = ({ principal }: WithPrincipal): AccessScope => principal?.scope ?? AccessScope.ANONYMOUS;

/** The caller; null only on routes that need no credentials. */
export const CurrentPrincipal = () => fromRequest(({ principal }) => principal);
/** The scope of the caller: everything that it may see. */
export const CurrentScope = () => fromRequest(scopeOf);
/** The customer that the request is about, in the caller's scope (`@ResolveCustomer()`). */
export const CurrentCustomer = () => fromRequest(({ customer }) => customer);
/** The subscription that the request is about, in the caller's scope (`@ResolveSubscription()`). */
export const CurrentSubscription = () => fromRequest(({ subscription }) => subscription);
