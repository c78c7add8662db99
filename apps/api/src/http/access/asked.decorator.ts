import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { actorOf } from '@app/auth';
import type { Customer } from '@app/customers';
import type { Actor } from '@app/kernel';
import type { IdempotencyClaim } from '@app/metering';
import { claimOf } from '../idempotency/idempotency.interceptor.js';
import type { WithPrincipal } from './current-principal.decorator.js';
import { productOf } from './product-key.decorator.js';

/** Whom a change of usage is about, who asks for it, and the Idempotency-Key if there is one. */
export interface Asked {
  customer: Customer;
  product: string;
  actor: Actor;
  idempotency?: IdempotencyClaim;
}

/** All of it at once, because each parameter of a handler costs every request. */
export const Asked = createParamDecorator((_: unknown, context: ExecutionContext): Asked => {
  const request = context.switchToHttp().getRequest<FastifyRequest & WithPrincipal>();
  return {
    customer: request.customer!,
    product: productOf(request),
    actor: actorOf(request.principal!),
    idempotency: claimOf(request),
  };
});
