import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { Clock } from '@app/kernel';
import { Database } from '@app/platform';
import { BillingRun, BillingStep } from './billing-run.service.js';
import type { Payment, Refund } from './domain/payment.js';
import { CHECK_LEASE_MS } from './domain/provider-times.js';
import type { RefundOutcome, RefundRequest } from './payment-provider.js';
import { PaymentsRepository } from './payments.repository.js';
import { ProviderCalls } from './provider-calls.js';
import { RefundOutcomes } from './refund-outcomes.js';
import { RefundsRepository } from './refunds.repository.js';
import { Repayments } from './repayments.service.js';

const BATCH = 8;

/** Makes refunds at the provider. A refund is stored and committed before, and its outcome after. */
@Injectable()
export class RefundRun extends BillingStep implements OnModuleInit {
  private readonly logger = new Logger('Refunds');

  constructor(
    private readonly refunds: RefundsRepository,
    private readonly payments: PaymentsRepository,
    private readonly outcomes: RefundOutcomes,
    private readonly repayments: Repayments,
    private readonly calls: ProviderCalls,
    private readonly run: BillingRun,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {
    super();
  }

  onModuleInit(): void {
    this.run.register(this);
  }

  /** Nothing: providers are slow, so a separate job calls `refundDue`. */
  async runDue(): Promise<number> {
    return 0;
  }

  /**
   * Makes a batch of refunds that are due, of customers on test clocks too. A refund whose worker died, or whose answer
   * was lost, is looked up at the provider before it is made.
   * @returns the number of refunds
   */
  async refundDue(): Promise<number> {
    const repaid = await this.repayments.repayDue();
    const now = this.clock.now();
    const leasedUntil = new Date(now.getTime() + CHECK_LEASE_MS);
    const claimed = await this.database.transaction(() => this.refunds.claimDue(now, leasedUntil, BATCH));
    await Promise.all(claimed.map((refund) => this.make(refund)));
    return repaid + claimed.length;
  }

  async runOnClock(clockId: string): Promise<number> {
    const repaid = await this.repayments.repayOnClock(clockId);
    const refunds = await this.refunds.waitingOnClock(clockId, BATCH);
    for (const refund of refunds) await this.make(refund);
    return repaid + refunds.length;
  }

  async nextOnClock(): Promise<Date | null> {
    return null;
  }

  private async make(refund: Refund): Promise<void> {
    const payment = (await this.payments.find(refund.paymentId))!;
    try {
      const outcome = await this.makeOnce(refund, payment);
      await this.record(refund, outcome);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.logger.log({ message: 'The outcome of a refund is not known; will retry', refund: refund.id, reason });
      await this.record(refund, null);
    }
  }

  private async makeOnce({ id, amount, currency, providerId }: Refund, payment: Payment): Promise<RefundOutcome> {
    const request: RefundRequest = { idempotencyKey: id, charge: payment.providerId!, amount, currency };
    const found = await this.calls.call(payment.provider, (provider) => provider.findRefund({ providerId, request }));
    return found ?? this.calls.call(payment.provider, (provider) => provider.refund(request));
  }

  private record(known: Refund, outcome: RefundOutcome | null): Promise<void> {
    return this.database.transaction(() => this.outcomes.record(known, outcome));
  }
}
