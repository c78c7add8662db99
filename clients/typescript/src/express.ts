import { guardRequest, type RequireEntitlementOptions } from './guard.js';
import type { Tollgate } from './tollgate.js';

/** The part of Express's response that is used: the package does not depend on Express. */
interface ExpressResponse {
  status(code: number): ExpressResponse;
  setHeader(name: string, value: string): unknown;
  json(body: unknown): unknown;
}

/**
 * Express middleware: calls the next handler only if the customer may use the feature.
 *
 * Otherwise responds with an RFC 9457 problem: 401 without a customer, 403 or 429 with the decision, 503 in an outage.
 * Units are counted before the handler runs and stay counted if it fails. Where that matters, reserve and commit units
 * through `tollgate.api`.
 *
 * @example
 * ```ts
 * const customerOf = (request: Request) => request.user?.account ?? null;
 * app.post('/reports', requireEntitlement(tollgate, 'reports', { customerOf, quantity: 1 }), createReport);
 * ```
 */
export function requireEntitlement<Request>(
  tollgate: Tollgate,
  feature: string,
  options: RequireEntitlementOptions<Request>,
) {
  return async (request: Request, response: ExpressResponse, next: (error?: unknown) => void): Promise<void> => {
    try {
      const problem = await guardRequest(tollgate, feature, options, request);
      if (!problem) return next();
      if (problem.retryAfterSeconds !== undefined) response.setHeader('retry-after', String(problem.retryAfterSeconds));
      response.setHeader('content-type', 'application/problem+json');
      response.status(problem.status).json(problem.body);
    } catch (error) {
      next(error);
    }
  };
}
