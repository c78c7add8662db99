import { type ExecutionContext, Injectable } from '@nestjs/common';
import { actorOf, isFinance, isSupport } from '@app/auth';
import { Events } from '@app/events';
import { Database } from '@app/platform';
import { type CompilableGuard, type RouteRequest, runGuard, type Step } from '../routes/route.js';

/**
 * Records each read by support and finance as an event, before the handler runs. Their changes have events already.
 * `@Allow({ support: 'reads' })` and `@Allow({ finance: 'reads' })` add it, after the global guards.
 */
@Injectable()
export class StaffAuditGuard implements CompilableGuard {
  constructor(
    private readonly events: Events,
    private readonly database: Database,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    return runGuard(this, context);
  }

  compile(): Step {
    return (request) => {
      const { caller } = request;
      if (!caller) return undefined;
      if (isSupport(caller)) return this.record('support.read', request);
      return isFinance(caller) ? this.record('finance.read', request) : undefined;
    };
  }

  private async record(
    type: 'support.read' | 'finance.read',
    { method, url, query, customer, subscription, principal }: RouteRequest,
  ): Promise<void> {
    const actor = actorOf(principal!);
    const customerId = customer?.id ?? subscription?.customerId ?? null;
    const subject = customerId ? { type: 'customer', id: customerId } : { type: 'user', id: actor.id! };
    // Query values may be personal data, such as an e-mail address: only the names are stored.
    const after = { method, path: url.split('?')[0], query: Object.keys(query as object) };
    await this.database.transaction(() =>
      this.events.record({
        type,
        subject,
        customerId,
        productId: subscription?.productId ?? null,
        actor,
        after,
      }),
    );
  }
}
