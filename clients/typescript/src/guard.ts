import type { Decision } from './requests.js';
import type { Tollgate } from './tollgate.js';
import { TollgateError } from './tollgate-error.js';

/**
 * The entitlement that one route requires.
 *
 * @example
 * ```ts
 * const requirement: EntitlementRequirement = { quantity: 2, mode: 'consume' };
 * ```
 */
export interface EntitlementRequirement {
  /** Units. @default 1 */
  quantity?: number;
  /** `consume` counts the units before the handler runs; `check` counts nothing. @default consume */
  mode?: 'consume' | 'check';
  /** Key of the product. @default `product` of the client */
  product?: string;
}

/**
 * An entitlement requirement, with the customer of each request.
 *
 * @example
 * ```ts
 * const options: RequireEntitlementOptions<Request> = {
 *   customerOf: (request) => request.user?.account ?? null,
 *   quantity: 2,
 * };
 * ```
 */
export interface RequireEntitlementOptions<Request> extends EntitlementRequirement {
  /** Returns the key of the customer who makes the request; null if there is none, which responds 401. */
  customerOf: (request: Request) => string | null | Promise<string | null>;
}

/** The response to a request that is not allowed: an RFC 9457 problem. */
export interface ProblemResponse {
  status: number;
  body: { type: string; title: string; status: number; code: string; detail: string; decision?: Decision };
  retryAfterSeconds?: number;
}

const TITLES: Record<number, string> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  429: 'Too Many Requests',
  503: 'Service Unavailable',
};
const NO_RESET_RETRY_SECONDS = 3_600;
const UNAVAILABLE_DETAIL = 'The entitlement could not be checked. Retry later.';

/**
 * Checks or consumes for one request. Returns null if it is allowed, else the problem to respond with.
 *
 * @throws TollgateError for an error that is neither a denial nor an outage, such as `customer_not_found`
 */
export async function guardRequest<Request>(
  tollgate: Tollgate,
  feature: string,
  { customerOf, quantity, mode = 'consume', product }: RequireEntitlementOptions<Request>,
  request: Request,
): Promise<ProblemResponse | null> {
  const customer = await customerOf(request);
  if (customer === null)
    return problemResponse(401, 'authentication_required', 'This request needs a customer. Sign in and retry.');
  try {
    const decision = await tollgate[mode]({ customer, feature, quantity, product });
    return decision.allowed ? null : problemOfDenial(decision);
  } catch (error) {
    if (!(error instanceof TollgateError && error.isUnavailable)) throw error;
    return {
      ...problemResponse(503, 'entitlements_unavailable', UNAVAILABLE_DETAIL),
      retryAfterSeconds: Math.max(1, error.retryAfterSeconds),
    };
  }
}

function problemOfDenial(decision: Decision): ProblemResponse {
  if (decision.reason === 'unavailable')
    return {
      ...problemResponse(503, 'entitlements_unavailable', UNAVAILABLE_DETAIL, decision),
      retryAfterSeconds: 1,
    };
  if (decision.reason !== 'limit_reached')
    return problemResponse(403, decision.reason ?? 'denied', 'The plan does not allow this request.', decision);
  const secondsUntilReset = decision.resetsAt
    ? Math.max(1, Math.ceil((Date.parse(decision.resetsAt) - Date.parse(decision.asOf)) / 1_000))
    : NO_RESET_RETRY_SECONDS;
  return {
    ...problemResponse(429, 'limit_reached', 'The usage limit of the plan is reached.', decision),
    retryAfterSeconds: secondsUntilReset,
  };
}

function problemResponse(status: number, code: string, detail: string, decision?: Decision): ProblemResponse {
  return {
    status,
    body: {
      type: `urn:tollgate:problem:${code}`,
      title: TITLES[status]!,
      status,
      code,
      detail,
      ...(decision ? { decision } : {}),
    },
  };
}
