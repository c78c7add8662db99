import { Injectable } from '@nestjs/common';
import { CustomerTime } from '@app/customers';
import { Clock } from '@app/kernel';
import { Database } from '@app/platform';
import { CollectionRepository, type DueInvoice } from './collection.repository.js';
import { CreditBalances } from './credit-balances.service.js';
import { creditableSum } from './domain/refund.js';
import { changed } from './domain/settlement.js';
import { InvoicesRepository } from './invoices.repository.js';
import { PaymentsRepository } from './payments.repository.js';
import { RefundRequests } from './refund-requests.js';

const BATCH = 20;

/** Pays back what an ended subscription leaves: the credit of its last invoice, to its last payments. */
@Injectable()
export class Repayments {
  constructor(
    private readonly due: CollectionRepository,
    private readonly invoices: InvoicesRepository,
    private readonly payments: PaymentsRepository,
    private readonly balances: CreditBalances,
    private readonly requests: RefundRequests,
    private readonly time: CustomerTime,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Pays back a batch of negative invoices. @returns the number of invoices */
  async repayDue(): Promise<number> {
    return this.repayAll(await this.due.toRepay(this.clock.now(), BATCH));
  }

  async repayOnClock(clockId: string): Promise<number> {
    return this.repayAll(await this.due.toRepayOnClock(clockId, BATCH));
  }

  private async repayAll(invoices: DueInvoice[]): Promise<number> {
    for (const invoice of invoices) await this.database.transaction(() => this.repay(invoice));
    return invoices.length;
  }

  /** At most what is left of the balance, and of the payments; the rest of the credit stays in the balance. */
  private async repay(known: DueInvoice): Promise<void> {
    const now = await this.time.of(known);
    const invoice = await this.due.lockIfDue(known, now);
    if (!invoice) return;
    const payments = await this.payments.lockRefundableBeside(invoice);
    const amount = Math.min(-invoice.total, creditableSum(payments), await this.balances.lock(invoice));
    await this.invoices.settle([{ ...changed(invoice, now), nextAttemptAt: null }]);
    if (amount === 0) return;
    await this.balances.move(invoice, { amount: -amount, kind: 'refund', invoiceId: invoice.id, at: now });
    await this.requests.create(payments, amount, { creditNoteId: null, invoiceId: invoice.id, now });
  }
}
