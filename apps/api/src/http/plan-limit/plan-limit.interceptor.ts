import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { from, lastValueFrom, type Observable } from 'rxjs';
import { actorOf, type Principal } from '@app/auth';
import { type Customer, CustomersService } from '@app/customers';
import { DomainError } from '@app/kernel';
import { assertAllowed, type Decision, MeteringService } from '@app/metering';
import { Database } from '@app/platform';
import type { WithPrincipal } from '../access/current-principal.decorator.js';
import { PLAN_LIMIT, type PlanLimit } from './plan-limit.js';

/**
 * Implements `@RequireEntitlement`. An interceptor, because it wraps the handler in a transaction: when the handler
 * fails, or rejects its input, the consumed unit is rolled back.
 */
@Injectable()
export class PlanLimitInterceptor implements NestInterceptor {
  constructor(
    private readonly reflector: Reflector,
    private readonly metering: MeteringService,
    private readonly customers: CustomersService,
    private readonly database: Database,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const limit = this.reflector.get<PlanLimit>(PLAN_LIMIT, context.getHandler());
    const { principal } = context.switchToHttp().getRequest<FastifyRequest & WithPrincipal>();
    return from(
      this.database.transaction(async () => {
        assertAllowed(await this.decide(limit, principal!));
        return lastValueFrom(next.handle() as Observable<unknown>, { defaultValue: undefined });
      }),
    );
  }

  private async decide({ feature, product, quantity, mode }: PlanLimit, principal: Principal): Promise<Decision> {
    const customer = await this.callersCustomer(principal);
    const subject = { customer, product, feature, quantity };
    if (mode === 'check') return this.metering.check(subject);
    return (await this.metering.consume({ ...subject, actor: actorOf(principal) })).answer;
  }

  private callersCustomer({ scope: { ownCustomerId: customerId } }: Principal): Promise<Customer> {
    if (customerId === null)
      throw new DomainError(
        'forbidden',
        'no_customer',
        'The caller has no customer: use the access token of a user, or an API key of a user.',
      );
    return this.customers.getById(customerId);
  }
}
