import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '@app/kernel';
import { Database } from '@app/platform';
import { CHECK_LEASE_MS } from './domain/provider-times.js';
import { type PaymentAccount, PaymentAccountsRepository } from './payment-accounts.repository.js';
import { ProviderUnavailable } from './payment-provider.js';
import { ProviderCalls } from './provider-calls.js';

const BATCH = 8;
/** Time until a deletion that failed is tried again. Milliseconds. */
const RETRY_MS = 15 * 60_000;

/** Deletes the accounts of deleted customers at their payment providers. */
@Injectable()
export class AccountDeletions {
  private readonly logger = new Logger('AccountDeletions');

  constructor(
    private readonly accounts: PaymentAccountsRepository,
    private readonly calls: ProviderCalls,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Deletes a batch of accounts that are due. Any number of workers may run it. @returns the number of accounts */
  async deleteDue(): Promise<number> {
    const now = this.clock.now();
    const leasedUntil = new Date(now.getTime() + CHECK_LEASE_MS);
    const claimed = await this.database.transaction(() => this.accounts.claimDeletions(now, leasedUntil, BATCH));
    await Promise.all(claimed.map((account) => this.delete(account)));
    return claimed.length;
  }

  private async delete(account: PaymentAccount): Promise<void> {
    const { provider, providerId, customerId } = account;
    try {
      await this.calls.call(provider, (port) => port.deleteAccount(providerId));
      await this.database.transaction(() => this.accounts.markDeleted(account, this.clock.now()));
    } catch (error) {
      const at = new Date(this.clock.now().getTime() + RETRY_MS);
      await this.database.transaction(() => this.accounts.deleteLater(account, at));
      const reason = error instanceof Error ? error.message : String(error);
      const message = 'A deleted customer was not deleted at its payment provider; will retry';
      if (error instanceof ProviderUnavailable) this.logger.log({ message, customer: customerId, provider, reason });
      else this.logger.error({ message, customer: customerId, provider, reason });
    }
  }
}
