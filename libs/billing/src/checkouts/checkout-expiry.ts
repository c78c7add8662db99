import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock } from '@app/kernel';
import { Database } from '@app/platform';
import { BillingRun, BillingStep, retryAt } from '../billing-run.service.js';
import { Charges } from '../charges.service.js';
import { type Checkout, closed } from '../domain/checkout.js';
import { InvoicesRepository } from '../invoices.repository.js';
import { PaymentsRepository } from '../payments.repository.js';
import { CheckoutCompletion } from './checkout-completion.js';
import { CheckoutsRepository } from './checkouts.repository.js';

const BATCH = 20;
/** While the outcome of a payment is not known, the checkout stays open for this long. Milliseconds. */
const UNKNOWN_DELAY_MS = 15 * 60_000;

/** Gives up checkouts that were not paid in time. */
@Injectable()
export class CheckoutExpiry extends BillingStep implements OnModuleInit {
  constructor(
    private readonly checkouts: CheckoutsRepository,
    private readonly completion: CheckoutCompletion,
    private readonly invoices: InvoicesRepository,
    private readonly payments: PaymentsRepository,
    private readonly charges: Charges,
    private readonly run: BillingRun,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {
    super();
  }

  onModuleInit(): void {
    this.run.register(this);
  }

  async runDue(): Promise<number> {
    const now = this.clock.now();
    return this.giveUpAll(await this.checkouts.due(now, BATCH), now, retryAt(now));
  }

  async runOnClock(clockId: string, now: Date): Promise<number> {
    return this.giveUpAll(await this.checkouts.dueOnClock(clockId, now, BATCH), now, retryAt(now, { onClock: true }));
  }

  nextOnClock(clockId: string): Promise<Date | null> {
    return this.checkouts.nextOnClock(clockId);
  }

  private async giveUpAll(due: Checkout[], now: Date, retry: Date): Promise<number> {
    for (const checkout of due) {
      try {
        await this.giveUp(checkout, now);
      } catch (error) {
        this.run.reportFailure('expire checkouts', checkout.id, error);
        await this.database.transaction(() => this.checkouts.postpone(checkout, retry));
      }
    }
    return due.length;
  }

  /** Cancels a charge that the payer could still confirm, then closes the checkout, unless it was paid meanwhile. */
  private async giveUp(known: Checkout, now: Date): Promise<void> {
    const payment = await this.payments.findUnderWay(known);
    if (payment?.status === 'requires_action') await this.charges.giveUp(payment);
    await this.database.transaction(async () => {
      const invoice = await this.invoices.lock({ customerId: known.customerId, id: known.invoiceId });
      const checkout = await this.checkouts.ofInvoice(known);
      if (!invoice || checkout?.status !== 'open') return;
      if (await this.payments.findUnderWay(known)) {
        const expiresAt = new Date(now.getTime() + UNKNOWN_DELAY_MS);
        await this.checkouts.update({ ...checkout, expiresAt, version: checkout.version + 1, updatedAt: now });
        return;
      }
      await this.completion.void(invoice, now);
      await this.completion.close(closed(checkout, 'expired', { now }), 'checkout.expired');
    });
  }
}
