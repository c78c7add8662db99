import { type CallHandler, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Observable } from 'rxjs';
import { actorOf, type Principal } from '@app/auth';
import { type Customer, CustomersService } from '@app/customers';
import { DomainError } from '@app/kernel';
import { assertAllowed, type Decision, MeteringService } from '@app/metering';
import { Database } from '@app/platform';
import { type Around, type CompilableInterceptor, type RouteTarget, runInterceptor } from '../routes/route.js';
import { PLAN_LIMIT, type PlanLimit } from './plan-limit.js';

/**
 * Implements `@RequireEntitlement`. An interceptor, because it wraps the handler in a transaction: when the handler
 * fails, or rejects its input, the consumed unit is rolled back.
 */
@Injectable()
export class PlanLimitInterceptor implements CompilableInterceptor {
  constructor(
    private readonly reflector: Reflector,
    private readonly metering: MeteringService,
    private readonly customers: CustomersService,
    private readonly database: Database,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    return runInterceptor(this, context, () => next.handle());
  }

  compile({ handler }: RouteTarget): Around {
    const limit = this.reflector.get<PlanLimit>(PLAN_LIMIT, handler);
    return ({ principal }, _reply, next) =>
      this.database.transaction(async () => {
        assertAllowed(await this.decide(limit, principal!));
        return next();
      });
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
