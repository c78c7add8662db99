import { Injectable } from '@nestjs/common';
import type { Customer } from '@app/customers';
import { Clock } from '@app/kernel';
import { Database } from '@app/platform';
import type { ProviderName } from './domain/payment.js';
import { PaymentAccountsRepository } from './payment-accounts.repository.js';
import { ProviderCalls } from './provider-calls.js';

/** The ids of customers at payment providers. */
@Injectable()
export class PaymentAccounts {
  constructor(
    private readonly accounts: PaymentAccountsRepository,
    private readonly calls: ProviderCalls,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** The id of a customer at a provider; null when it has none there. */
  find(customerId: string, provider: ProviderName): Promise<string | null> {
    return this.accounts.find(customerId, provider);
  }

  /**
   * The id of a customer at a provider, which is created there the first time. Call it outside of a transaction. Two
   * concurrent calls get the same id.
   * @throws DomainError `provider_not_configured`
   * @throws ProviderUnavailable
   * @example const account = await accounts.ensure(customer, 'stripe');
   */
  async ensure({ id, key, email }: Pick<Customer, 'id' | 'key' | 'email'>, provider: ProviderName): Promise<string> {
    const known = await this.accounts.find(id, provider);
    if (known) return known;
    const created = await this.calls.call(provider, (port) => port.ensureAccount({ id, key, email }));
    return this.database.transaction(async () => {
      await this.accounts.insert(id, provider, created, this.clock.now());
      // Another request may have been first. A customer that was deleted meanwhile is deleted at the provider too.
      return (await this.accounts.find(id, provider))!;
    });
  }
}
