import { Injectable } from '@nestjs/common';
import type { BillingSettings } from '@app/catalog';
import { Events } from '@app/events';
import { type Actor, DomainError, newId } from '@app/kernel';
import type { Subscription } from '@app/subscriptions';
import { BilledSubscriptionsRepository } from '../billed-subscriptions.repository.js';
import { CouponRedemptions } from '../coupon-redemptions.service.js';
import type { Charge } from '../domain/charges.js';
import type { Checkout } from '../domain/checkout.js';
import { draftOf } from '../domain/draft.js';
import type { Invoice } from '../domain/invoice.js';
import type { Payment } from '../domain/payment.js';
import { invoiceEvent } from '../invoice-event.js';
import { InvoiceFinalization } from '../invoice-finalization.service.js';
import { InvoicesRepository } from '../invoices.repository.js';
import { PaymentsRepository } from '../payments.repository.js';

/** The invoice of a checkout, and the last attempt to pay it. */
export interface CheckoutDetails {
  invoice: Invoice;
  payment: Payment | null;
}

/** Writes and reads the invoices of checkouts. */
@Injectable()
export class CheckoutInvoices {
  constructor(
    private readonly invoices: InvoicesRepository,
    private readonly finalization: InvoiceFinalization,
    private readonly payments: PaymentsRepository,
    private readonly coupons: CouponRedemptions,
    private readonly positions: BilledSubscriptionsRepository,
    private readonly events: Events,
  ) {}

  /** The invoice of a checkout, and the last attempt to pay it. */
  async read(checkout: Pick<Checkout, 'customerId' | 'invoiceId'>): Promise<CheckoutDetails> {
    const invoice = await this.invoices.find(checkout.invoiceId);
    return { invoice: invoice!, payment: await this.payments.findLast(checkout) };
  }

  /** Puts a coupon on a promised subscription, so that its invoice has it. Needs a transaction. */
  async discount(promised: Subscription, couponKey: string, actor: Actor): Promise<void> {
    await this.coupons.redeemAtStart(promised, couponKey, actor);
  }

  /**
   * Writes and finalizes the invoice of a charge. Needs a transaction.
   * @returns null when nothing is due, such as with a discount of the whole
   * @throws DomainError `invoice_exists`
   */
  async write(
    { charge, subscription, settings }: { charge: Charge; subscription: Subscription; settings: BillingSettings },
    actor: Actor,
  ): Promise<Invoice | null> {
    const now = charge.at;
    const position = await this.positions.find(subscription);
    const couponPeriod = position?.couponPeriod ?? subscription.currentPeriodStart;
    const billed = { ...charge, subscription, usageFrom: null, waits: false, couponPeriod };
    const draft = draftOf({ charge: billed, settings }, { id: newId(), now });
    const inserted = await this.invoices.insertMany([draft]);
    if (inserted.size === 0)
      throw new DomainError(
        'conflict',
        'invoice_exists',
        'The subscription has an invoice of this instant already; try again.',
      );
    await this.events.record(invoiceEvent('invoice.created', draft, { at: now, actor }));
    const [invoice] = await this.finalization.finalize([draft], { now, actor });
    return invoice ?? null;
  }
}
