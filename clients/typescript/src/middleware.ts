import { type Decision, type Tollgate, TollgateError } from './tollgate.js';

export interface RequireEntitlementOptions<Request> {
  /** Key of the customer who makes the request; null: nobody, who is refused. */
  customerOf: (request: Request) => string | null | Promise<string | null>;
  /** Units. @default 1 */
  quantity?: number;
  /** `consume` counts the units before the work is done; `check` counts nothing. @default consume */
  mode?: 'consume' | 'check';
  product?: string;
}

/** What a refused request is answered with: RFC 9457. */
export interface ProblemResponse {
  status: number;
  body: { type: string; title: string; status: number; code: string; detail: string; decision?: Decision };
  retryAfterSeconds?: number;
}

interface ExpressResponse {
  status(code: number): ExpressResponse;
  setHeader(name: string, value: string): unknown;
  json(body: unknown): unknown;
}

interface FastifyReply {
  code(status: number): FastifyReply;
  header(name: string, value: string): FastifyReply;
  send(body: unknown): unknown;
}

const TITLES: Record<number, string> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  429: 'Too Many Requests',
  503: 'Service Unavailable',
};
const NO_RESET_RETRY_SECONDS = 3_600;

/** Express middleware: the request goes on if the customer's plan allows the feature. */
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

/** The same as a Fastify `preHandler` hook. */
export function requireEntitlementHook<Request>(
  tollgate: Tollgate,
  feature: string,
  options: RequireEntitlementOptions<Request>,
) {
  return async (request: Request, reply: FastifyReply): Promise<unknown> => {
    const problem = await guardRequest(tollgate, feature, options, request);
    if (!problem) return undefined;
    if (problem.retryAfterSeconds !== undefined) reply.header('retry-after', String(problem.retryAfterSeconds));
    return reply.code(problem.status).header('content-type', 'application/problem+json').send(problem.body);
  };
}

/** Why a request may not go on; null when it may. @throws TollgateError for what is neither an answer nor an outage */
export async function guardRequest<Request>(
  tollgate: Tollgate,
  feature: string,
  { customerOf, quantity, mode = 'consume', product }: RequireEntitlementOptions<Request>,
  request: Request,
): Promise<ProblemResponse | null> {
  const customer = await customerOf(request);
  if (customer === null) return problemResponse(401, 'authentication_required', 'This is for customers.');
  try {
    const decision = await tollgate[mode]({ customer, feature, quantity, product });
    return decision.allowed ? null : problemOfDenial(decision);
  } catch (error) {
    if (!(error instanceof TollgateError && error.isUnavailable)) throw error;
    return {
      ...problemResponse(503, 'entitlements_unavailable', 'Whether the plan allows this could not be found out.'),
      retryAfterSeconds: Math.max(1, error.retryAfterSeconds),
    };
  }
}

function problemOfDenial(decision: Decision): ProblemResponse {
  if (decision.reason === 'unavailable')
    return {
      ...problemResponse(
        503,
        'entitlements_unavailable',
        'Whether the plan allows this could not be found out.',
        decision,
      ),
      retryAfterSeconds: 1,
    };
  if (decision.reason !== 'limit_reached')
    return problemResponse(403, decision.reason ?? 'denied', 'The plan does not allow this.', decision);
  const untilReset = decision.resetsAt
    ? Math.max(1, Math.ceil((Date.parse(decision.resetsAt) - Date.parse(decision.asOf)) / 1_000))
    : NO_RESET_RETRY_SECONDS;
  return {
    ...problemResponse(429, 'limit_reached', 'The limit of the plan is reached.', decision),
    retryAfterSeconds: untilReset,
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
