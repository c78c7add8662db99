import { Injectable } from '@nestjs/common';
import { CustomersService } from '@app/customers';
import { Events, type EventType, type NewEvent } from '@app/events';
import { type Actor, DomainError, SYSTEM_ACTOR } from '@app/kernel';
import { EnrolmentService, LifecycleService, type SubscribeRequest } from '@app/subscriptions';
import { CouponRedemptions } from '../coupon-redemptions.service.js';
import { type Checkout, checkoutPayload, closed, isQuoted } from '../domain/checkout.js';
import type { Invoice } from '../domain/invoice.js';
import { changed } from '../domain/settlement.js';
import { invoiceEvent } from '../invoice-event.js';
import { InvoicesRepository } from '../invoices.repository.js';
import { CheckoutsRepository } from './checkouts.repository.js';

/** Starts or changes subscriptions when the invoices of their checkouts are paid. */
@Injectable()
export class CheckoutCompletion {
  constructor(
    private readonly checkouts: CheckoutsRepository,
    private readonly invoices: InvoicesRepository,
    private readonly customers: CustomersService,
    private readonly enrolment: EnrolmentService,
    private readonly lifecycle: LifecycleService,
    private readonly coupons: CouponRedemptions,
    private readonly events: Events,
  ) {}

  /**
   * Completes the checkout of a locked invoice that is about to be paid; called before the payment is applied to the
   * invoice. When the purchase cannot start any more, the invoice is voided, so that the money goes to the credit
   * balance. Once: every later call finds a closed checkout.
   * @returns the invoice as written
   */
  async complete(invoice: Invoice, now: Date): Promise<Invoice> {
    const checkout = await this.checkouts.ofInvoice({ customerId: invoice.customerId, invoiceId: invoice.id });
    if (checkout?.status !== 'open') return invoice;
    try {
      const billedSequence = await this.deliver(checkout);
      await this.close(closed(checkout, 'completed', { now, billedSequence }), 'checkout.completed');
      return invoice;
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      await this.close(closed(checkout, 'failed', { now }), 'checkout.failed', error.code);
      return this.void(invoice, now);
    }
  }

  /** Voids the invoice of a checkout, if it is open. @returns the invoice as written */
  async void(invoice: Invoice, now: Date): Promise<Invoice> {
    if (invoice.status !== 'open') return invoice;
    const voided: Invoice = { ...changed(invoice, now), status: 'void', due: 0, nextAttemptAt: null };
    await this.invoices.settle([voided]);
    const before = { status: invoice.status, due: invoice.due };
    await this.events.record(invoiceEvent('invoice.voided', voided, { at: now, before, reason: 'checkout' }));
    return voided;
  }

  /** Writes a new checkout with its event. */
  async open(checkout: Checkout, actor: Actor): Promise<void> {
    await this.checkouts.insert(checkout);
    await this.events.record(checkoutEvent('checkout.created', checkout, { at: checkout.createdAt, actor }));
  }

  /** Writes a closed checkout with its event. The coupons of a subscription that did not start are taken back. */
  async close(checkout: Checkout, type: EventType, reason?: string): Promise<void> {
    await this.checkouts.update(checkout);
    const { customerId, subscriptionId: id, kind, status, updatedAt: at } = checkout;
    if (kind === 'start' && status !== 'completed')
      await this.coupons.takeBack({ customerId, id }, { at, reason: `checkout ${status}` });
    await this.events.record(checkoutEvent(type, checkout, { at: checkout.updatedAt, reason }));
  }

  /** @returns the sequence of the event that the invoice has charged */
  private async deliver({ request, subscriptionId, customerId, productId }: Checkout): Promise<number> {
    const { actor, quote } = request;
    if (request.kind === 'start') {
      const customer = await this.customers.getById(customerId);
      const wanted = subscribeRequest(request.wanted, { customer, productId, actor });
      const { subscription } = await this.enrolment.preview(wanted);
      assertQuoted(isQuoted(quote, subscription));
      await this.coupons.started(await this.enrolment.subscribe({ ...wanted, id: subscriptionId }));
      return 1;
    }
    const subscription = { id: subscriptionId, customerId };
    const { transition } = await this.lifecycle.previewChange(subscription, request.wanted);
    assertQuoted(isQuoted(quote, transition.subscription));
    await this.lifecycle.change({ subscription, actor, expectedVersion: request.version, ...request.wanted });
    return this.checkouts.lastSequence(subscriptionId);
  }
}

function assertQuoted(quoted: boolean): void {
  if (!quoted) throw new DomainError('conflict', 'price_changed', 'The plan is sold at another price now.');
}

/** The stored request of a new subscription as a command. */
export const subscribeRequest = (
  { billingAnchor, endsAt, ...wanted }: Extract<Checkout['request'], { kind: 'start' }>['wanted'],
  owner: Pick<SubscribeRequest, 'customer' | 'productId' | 'actor'>,
): SubscribeRequest => ({
  ...wanted,
  ...owner,
  billingAnchor: billingAnchor === undefined ? undefined : new Date(billingAnchor),
  endsAt: endsAt === undefined ? undefined : new Date(endsAt),
});

/** An event of a checkout. */
const checkoutEvent = (
  type: EventType,
  checkout: Checkout,
  { at, actor = SYSTEM_ACTOR, reason }: { at: Date; actor?: Actor; reason?: string },
): NewEvent => ({
  type,
  subject: { type: 'checkout', id: checkout.id },
  customerId: checkout.customerId,
  productId: checkout.productId,
  actor,
  reason,
  at,
  before: checkout.version === 1 ? null : { status: 'open' },
  after: checkoutPayload(checkout),
});
