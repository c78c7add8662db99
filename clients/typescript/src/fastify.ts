import { guardRequest, type RequireEntitlementOptions } from './guard.js';
import type { Tollgate } from './tollgate.js';

/** The part of Fastify's reply that is used: the package does not depend on Fastify. */
interface FastifyReply {
  code(status: number): FastifyReply;
  header(name: string, value: string): FastifyReply;
  send(body: unknown): unknown;
}

/**
 * Fastify `preHandler` hook: lets the handler run only if the customer may use the feature.
 *
 * Responds like `requireEntitlement` otherwise.
 *
 * @example
 * ```ts
 * const customerOf = (request: FastifyRequest) => request.user?.account ?? null;
 * const preHandler = requireEntitlementHook(tollgate, 'reports', { customerOf, quantity: 1 });
 * app.post('/reports', { preHandler }, createReport);
 * ```
 */
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
