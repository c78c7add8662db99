import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '@app/kernel';
import { Database } from '@app/platform';
import type { ProviderName } from './domain/payment.js';
import { CHECK_LEASE_MS } from './domain/provider-times.js';
import { nextSetupCheckAt } from './domain/setup-check.js';
import { isDeletedCustomer, PaymentMethodRecords } from './payment-method-records.js';
import { type PaymentSetup, PaymentSetupsRepository } from './payment-setups.repository.js';
import { ProviderCalls } from './provider-calls.js';

const BATCH = 8;

/**
 * Payment methods whose entry was started: they are stored also when no event of the provider arrives, such as without
 * a webhook endpoint.
 */
@Injectable()
export class PaymentSetups {
  private readonly logger = new Logger('PaymentSetups');

  constructor(
    private readonly setups: PaymentSetupsRepository,
    private readonly methods: PaymentMethodRecords,
    private readonly calls: ProviderCalls,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Stores a setup that was started at a provider. */
  async started(customerId: string, provider: ProviderName, providerId: string): Promise<void> {
    const createdAt = this.clock.now();
    const setup = { provider, providerId, createdAt };
    await this.database.transaction(() =>
      this.setups.insert(customerId, setup, nextSetupCheckAt(setup, createdAt) ?? createdAt),
    );
  }

  /**
   * Checks a batch of due setups at their providers, and stores the methods of those that are finished. Any number of
   * workers may run it, beside the events of the provider: a method is stored once.
   * @returns the number of setups
   */
  async checkDue(): Promise<number> {
    const now = this.clock.now();
    const leasedUntil = new Date(now.getTime() + CHECK_LEASE_MS);
    const claimed = await this.database.transaction(() => this.setups.claimDue(now, leasedUntil, BATCH));
    await Promise.all(claimed.map((setup) => this.check(setup)));
    return claimed.length;
  }

  private async check(setup: PaymentSetup): Promise<void> {
    const isDone = await this.store(setup).catch((error: unknown) => {
      if (isDeletedCustomer(error)) return true;
      const reason = error instanceof Error ? error.message : String(error);
      this.logger.log({
        message: 'A setup was not checked at its provider; will retry',
        setup: setup.providerId,
        reason,
      });
      return false;
    });
    const next = isDone ? null : nextSetupCheckAt(setup, this.clock.now());
    await this.database.transaction(() => (next ? this.setups.checkLater(setup, next) : this.setups.delete(setup)));
  }

  /** @returns false while the payer has not finished it */
  private async store({ provider, providerId }: PaymentSetup): Promise<boolean> {
    const method = await this.calls.call(provider, (port) => port.findSetup(providerId));
    if (method) await this.methods.synchronize(provider, method.providerId, method);
    return method !== null;
  }
}
