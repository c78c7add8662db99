import { Injectable } from '@nestjs/common';
import { actorOf, type Principal } from '@app/auth';
import { TestClocksService } from '@app/customers';
import { Database } from '@app/platform';
import { CustomerAccountsService } from './customer-accounts.service.js';

/** Customers deleted in one transaction: few enough to hold their locks briefly. */
const BATCH = 50;

/** Deletion of test clocks together with their customers. */
@Injectable()
export class TestClockDeletionService {
  constructor(
    private readonly clocks: TestClocksService,
    private readonly accounts: CustomerAccountsService,
    private readonly database: Database,
  ) {}

  /**
   * Deletes all customers of a test clock as `CustomerAccountsService.delete` does, in batches, and then the clock. A
   * deletion that is interrupted keeps the batches that are done; repeating it continues.
   *
   * @throws DomainError `test_clock_not_found`, `test_clock_advancing`, `customer_has_user`,
   * `customer_of_other_products`
   * @example await clockDeletion.delete(clockId, principal);
   */
  async delete(id: string, principal: Principal): Promise<void> {
    while (!(await this.database.transaction(() => this.deleteBatch(id, principal))));
  }

  /** @returns true when the clock itself is deleted */
  private async deleteBatch(id: string, principal: Principal): Promise<boolean> {
    const clock = await this.clocks.get(id, principal.scope.filter);
    const customerIds = await this.clocks.lockToDelete(id, BATCH);
    for (const customerId of customerIds) await this.accounts.delete(customerId, principal);
    if (customerIds.length === BATCH) return false;
    await this.clocks.delete(clock, actorOf(principal));
    return true;
  }
}
