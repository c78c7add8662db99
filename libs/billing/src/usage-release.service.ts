import { Injectable } from '@nestjs/common';
import { decimalText, minus, rational, ZERO } from '@app/kernel';
import { BilledSubscriptionsRepository } from './billed-subscriptions.repository.js';
import type { Invoice } from './domain/invoice.js';
import { type StoredUsageCharge, UsageChargesRepository } from './usage-charges.repository.js';

/** Releases the usage of voided invoices, so that the next invoice charges it. */
@Injectable()
export class UsageRelease {
  constructor(
    private readonly charges: UsageChargesRepository,
    private readonly positions: BilledSubscriptionsRepository,
  ) {}

  /** Takes back the charges of an invoice, in the transaction that voids it and has locked it. */
  async release({ id: invoiceId, customerId, subscriptionId }: Invoice): Promise<void> {
    if (!subscriptionId) return;
    const key = { customerId, subscriptionId };
    await this.charges.lock([key]);
    const charged = await this.charges.chargesOfInvoice(key, invoiceId);
    if (charged.length === 0) return;
    await this.charges.insertCharges(charged.map((charge) => ({ ...takenBack(charge), invoiceId })));
    await this.positions.requestReread(key, new Date(Math.min(...charged.map(({ start }) => start.getTime()))));
  }
}

const takenBack = (charge: StoredUsageCharge): StoredUsageCharge => ({
  ...charge,
  units: -charge.units,
  amount: -charge.amount,
  exact: charge.exact === null ? null : decimalText(minus(ZERO, rational(charge.exact))),
});
