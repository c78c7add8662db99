import { Injectable } from '@nestjs/common';
import { type BillingSettings, CatalogReader } from '@app/catalog';
import { CustomersService } from '@app/customers';
import { admits, DomainError, invalidField, newId, notFound, type ScopeFilter } from '@app/kernel';
import { Database } from '@app/platform';
import {
  type ChangeCommand,
  EnrolmentService,
  LifecycleService,
  type SubscribeRequest,
  type Subscription,
  type Transition,
} from '@app/subscriptions';
import { type Charge, fold } from '../domain/charges.js';
import { type Checkout, checkoutExpiry, type CheckoutRequest, quoteOf } from '../domain/checkout.js';
import { sumOf } from '../domain/draft.js';
import { CheckoutCompletion } from './checkout-completion.js';
import { type CheckoutDetails, CheckoutInvoices } from './checkout-invoices.js';
import { CheckoutsRepository } from './checkouts.repository.js';

/** A checkout that waits for its payment, or the subscription where nothing is due. */
export type Purchase = { checkout: Checkout } | { subscription: Subscription };

/** The parts of a checkout. */
interface Offer {
  transition: Transition;
  charge: Charge;
  request: CheckoutRequest;
  settings: BillingSettings;
}

/** Sells new subscriptions and upgrades that take effect when their first invoice is paid. */
@Injectable()
export class CheckoutsService {
  constructor(
    private readonly checkouts: CheckoutsRepository,
    private readonly invoices: CheckoutInvoices,
    private readonly completion: CheckoutCompletion,
    private readonly enrolment: EnrolmentService,
    private readonly lifecycle: LifecycleService,
    private readonly customers: CustomersService,
    private readonly catalog: CatalogReader,
    private readonly database: Database,
  ) {}

  /**
   * Sells a new subscription that starts when its first invoice is paid. Without an amount that is due, such as in a
   * trial, it starts immediately.
   * @param coupon lowers the invoice of the checkout too; it is taken back when the subscription does not start
   * @throws DomainError the errors of `EnrolmentService.subscribe` and of coupons; `billing_off`, `checkout_open`
   * @example const purchase = await checkouts.subscribe({ customer, productId, selection: { plan: 'pro' }, actor });
   */
  subscribe(request: SubscribeRequest, coupon?: string): Promise<Purchase> {
    const { customer, productId, actor, startsAt, billingAnchor, endsAt, ...wanted } = request;
    return this.sell({ customerId: customer.id, productId }, async (settings) => {
      const id = newId();
      const transition = await this.enrolment.preview({ ...request, id });
      if (coupon) await this.invoices.discount(transition.subscription, coupon, actor);
      const charge = dueCharge(transition, null);
      const start = async (): Promise<Subscription> => this.enrolment.subscribe({ ...request, id });
      if (!charge || startsAt) return { start };
      const quote = quoteOf(transition.subscription);
      const span = { billingAnchor: billingAnchor?.toISOString(), endsAt: endsAt?.toISOString() };
      const offer: Offer = {
        transition,
        charge,
        request: { kind: 'start', actor, quote, wanted: { ...wanted, ...span } },
        settings,
      };
      return { start, offer };
    });
  }

  /**
   * Sells an upgrade that takes effect when its invoice is paid. A change that costs nothing takes effect immediately.
   * @throws DomainError the errors of `LifecycleService.change`; `billing_off`, `checkout_open`, `invalid_fields`
   * @example
   * const purchase = await checkouts.change({ subscription, actor, selection: { plan: 'team' }, when: 'now' });
   */
  change(command: ChangeCommand & { subscription: Subscription }): Promise<Purchase> {
    const { subscription, actor, expectedVersion, selection, quantity, when, prorate } = command;
    if (when !== 'now')
      throw invalidField('paymentBehavior', 'must be `default` for a change at the end of the period');
    return this.sell(subscription, async (settings) => {
      const wanted = { selection, quantity, when, prorate };
      const { before, transition } = await this.lifecycle.previewChange(subscription, wanted);
      const start = async (): Promise<Subscription> => this.lifecycle.change(command);
      const charge = dueCharge(transition, before);
      if (!charge) return { start };
      if (expectedVersion !== undefined && expectedVersion !== before.version) return { start };
      const quote = quoteOf(transition.subscription);
      const request: CheckoutRequest = { kind: 'change', actor, quote, wanted, version: before.version };
      return { start, offer: { transition, charge, request, settings } };
    });
  }

  /** A checkout in the scope. @throws DomainError `checkout_not_found` */
  async get(id: string, scope: ScopeFilter): Promise<Checkout> {
    const checkout = await this.checkouts.find(id);
    if (!checkout || !admits(scope, checkout)) throw notFound('checkout');
    return checkout;
  }

  /** The invoice of a checkout, and the last attempt to pay it. */
  details(checkout: Checkout): Promise<CheckoutDetails> {
    return this.invoices.read(checkout);
  }

  private sell(
    owner: Pick<Checkout, 'customerId' | 'productId'>,
    decide: (settings: BillingSettings) => Promise<{ start: () => Promise<Subscription>; offer?: Offer }>,
  ): Promise<Purchase> {
    return this.database.transaction(async () => {
      const settings = await this.catalog.billingOf(owner.productId);
      if (!settings)
        throw new DomainError('conflict', 'billing_off', 'Billing is off for this product; switch it on first.');
      await this.customers.lock(owner.customerId);
      await this.assertNoneOpen(owner);
      const { start, offer } = await decide(settings);
      const checkout = offer && (await this.open(offer));
      return checkout ? { checkout } : { subscription: await start() };
    });
  }

  /** @returns null when nothing is due */
  private async open({ transition, charge, request, settings }: Offer): Promise<Checkout | null> {
    const { subscription, at: now } = transition;
    const { actor, kind } = request;
    const invoice = await this.invoices.write({ charge, subscription, settings }, actor);
    if (!invoice) return null;
    const checkout: Checkout = {
      id: newId(),
      customerId: subscription.customerId,
      productId: subscription.productId,
      testClockId: subscription.testClockId,
      subscriptionId: subscription.id,
      invoiceId: invoice.id,
      kind,
      request,
      status: 'open',
      billedSequence: null,
      expiresAt: checkoutExpiry(now, kind === 'change' ? subscription.currentPeriodEnd : null),
      version: 1,
      createdAt: now,
      updatedAt: now,
    };
    await this.completion.open(checkout, actor);
    // The credit balance has paid it.
    if (invoice.status === 'paid') await this.completion.complete(invoice, now);
    return (await this.checkouts.find(checkout.id))!;
  }

  private async assertNoneOpen(owner: Pick<Checkout, 'customerId' | 'productId'>): Promise<void> {
    const open = await this.checkouts.findOpen(owner);
    if (!open) return;
    throw new DomainError(
      'conflict',
      'checkout_open',
      'Another checkout of the customer on this product waits for its payment; pay or void its invoice first.',
      { checkout: open.id, invoice: open.invoiceId },
    );
  }
}

/** The charge of a transition, if something is due on it. */
function dueCharge(
  { type, at, subscription, prorationLines = [], prorated = false }: Transition,
  before: Subscription | null,
): Charge | null {
  if (type !== 'subscription.created' && type !== 'subscription.plan_changed') return null;
  const [charge] = fold(before, { type, at, sequence: 0, after: subscription, prorationLines, prorated }).charges;
  return charge && sumOf(charge.lines) > 0 ? charge : null;
}
