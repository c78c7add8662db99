import { applyDecorators, SetMetadata, UseInterceptors } from '@nestjs/common';
import { DEFAULT_PRODUCT } from '@app/catalog';
import { PlanLimitInterceptor } from './plan-limit.interceptor.js';
import { PLAN_LIMIT, type PlanLimit } from './plan-limit.js';

/**
 * Requires an entitlement of the caller's plan. The consumed units and the work of the route commit in one transaction.
 * A denial is 429 `limit_reached`, or 403 with the reason of the decision such as `feature_not_in_plan`; the problem
 * has the decision.
 * @example @RequireEntitlement('api_keys', { product: OWN_PRODUCT })
 */
export const RequireEntitlement = (feature: string, options: Partial<Omit<PlanLimit, 'feature'>> = {}) =>
  applyDecorators(
    SetMetadata(PLAN_LIMIT, { product: DEFAULT_PRODUCT, quantity: 1, mode: 'consume', ...options, feature }),
    UseInterceptors(PlanLimitInterceptor),
  );
