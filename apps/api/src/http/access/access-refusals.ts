import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { actorOf, type Principal } from '@app/auth';
import { SecurityLog } from '@app/events';
import type { WithPrincipal } from './with-principal.js';

/** Codes of the 403s that a caller gets for its role, scopes or product. A 403 by the plan of a customer is none. */
const REFUSALS = new Set([
  'insufficient_scope',
  'services_only',
  'not_for_portal',
  'admin_only',
  'product_not_allowed',
  'scope_not_allowed',
  'terms_not_allowed',
  'trial_not_allowed',
]);

/** The kind of object that a caller is, in events about it. */
const SUBJECTS: Record<Principal['kind'], string> = { user: 'user', api_key: 'api_key', portal: 'portal_session' };

/** Records requests that are refused for the rights of the caller in the security log. */
@Injectable()
export class AccessRefusals {
  constructor(private readonly log: SecurityLog) {}

  /** Counts a 403, by caller, code and route. The path is the pattern of the route: it contains no data. */
  note(problem: { code: string; [member: string]: unknown }, request: FastifyRequest & WithPrincipal): void {
    const { principal, method } = request;
    if (!principal || !REFUSALS.has(problem.code)) return;
    const actor = actorOf(principal);
    const { scope } = problem;
    this.log.note({
      type: 'access.refused',
      subject: { type: SUBJECTS[principal.kind], id: actor.id! },
      customerId: principal.scope.ownCustomerId,
      productId: principal.scope.filter.productId,
      actor,
      reason: problem.code,
      details: {
        method,
        route: request.routeOptions.url ?? null,
        ...(typeof scope === 'string' ? { needed: scope } : {}),
      },
    });
  }
}
