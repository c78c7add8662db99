import { actorOf } from '@app/auth';
import type { Customer } from '@app/customers';
import type { Actor } from '@app/kernel';
import type { IdempotencyClaim } from '@app/metering';
import { claimOf } from '../idempotency/idempotency.interceptor.js';
import { originOf } from './request-origin.decorator.js';
import { requestParam } from '../routes/route.js';
import { productOf } from './product-key.decorator.js';

/** The customer and product of a usage command, its actor, and the Idempotency-Key if the request has one. */
export interface UsageRequest {
  customer: Customer;
  product: string;
  actor: Actor;
  idempotency?: IdempotencyClaim;
}

/** One parameter for all four, because Nest resolves each parameter of a handler separately on every request. */
export const UsageRequestParam = () =>
  requestParam((request): UsageRequest => {
    return {
      customer: request.customer!,
      product: productOf(request),
      actor: actorOf(request.caller!, originOf(request)),
      idempotency: claimOf(request),
    };
  });
