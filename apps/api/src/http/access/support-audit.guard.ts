import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { actorOf, isSupport, type Principal } from '@app/auth';
import { Events } from '@app/events';
import { Database } from '@app/platform';
import type { WithPrincipal } from './current-principal.decorator.js';

/**
 * Records each read by support as an event, before the handler runs. Changes by support have events already.
 * `@Allow({ support: 'reads' })` adds it, after the global guards.
 */
@Injectable()
export class SupportAuditGuard implements CanActivate {
  constructor(
    private readonly events: Events,
    private readonly database: Database,
  ) {}

  canActivate(context: ExecutionContext): true | Promise<true> {
    const request = context.switchToHttp().getRequest<FastifyRequest & WithPrincipal>();
    const { principal } = request;
    return principal && isSupport(principal) ? this.record(request, principal) : true;
  }

  private async record(
    { method, url, query, customer, subscription }: FastifyRequest & WithPrincipal,
    principal: Principal,
  ): Promise<true> {
    const actor = actorOf(principal);
    const customerId = customer?.id ?? subscription?.customerId ?? null;
    const subject = customerId ? { type: 'customer', id: customerId } : { type: 'user', id: actor.id! };
    // Query values may be personal data, such as an e-mail address: only the names are stored.
    const after = { method, path: url.split('?')[0], query: Object.keys(query as object) };
    await this.database.transaction(() =>
      this.events.record({
        type: 'support.read',
        subject,
        customerId,
        productId: subscription?.productId ?? null,
        actor,
        after,
      }),
    );
    return true;
  }
}
