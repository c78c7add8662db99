import { applyDecorators, SetMetadata, UseInterceptors } from '@nestjs/common';
import { DEFAULT_PRODUCT } from '@app/catalog';
import { PlanLimitInterceptor } from './plan-limit.interceptor.js';
import { PLAN_LIMIT, type PlanLimit } from './plan-limit.js';

/**
 * The route is for customers whose plan allows the feature. Consuming and the route's own work commit together or not at all.
 * A denial is 403 `feature_not_in_plan` (or whatever else denies) or 429 `limit_reached`, with the decision in the problem.
 */
export const RequireEntitlement = (feature: string, options: Partial<Omit<PlanLimit, 'feature'>> = {}) =>
  applyDecorators(
    SetMetadata(PLAN_LIMIT, { product: DEFAULT_PRODUCT, quantity: 1, mode: 'consume', ...options, feature }),
    UseInterceptors(PlanLimitInterceptor),
  );
