import { Injectable } from '@nestjs/common';
import { CustomersService } from '@app/customers';
import type { Actor } from '@app/kernel';
import { type CheckReport, UsageChecker } from '@app/metering';

const DEFAULT_LIMIT = 1_000;

/** Verifies that counters equal the sums of their ledgers, and rebuilds them on request. */
@Injectable()
export class VerifyOperation {
  constructor(
    private readonly checker: UsageChecker,
    private readonly customers: CustomersService,
  ) {}

  /** @throws DomainError `customer_not_found` */
  async verify(
    {
      customer,
      rebuild = false,
      limit = DEFAULT_LIMIT,
      after = null,
    }: { customer?: string; rebuild?: boolean; limit?: number; after?: string | null },
    actor: Actor,
  ): Promise<CheckReport> {
    const customerId = customer === undefined ? undefined : (await this.customers.getByKey(customer)).id;
    const page = { after, limit, customerId };
    return rebuild ? this.checker.rebuild(page, actor) : this.checker.check(page);
  }
}
