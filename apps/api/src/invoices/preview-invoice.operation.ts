import { Injectable } from '@nestjs/common';
import type { Principal } from '@app/auth';
import { InvoicePreviews, type Previewed } from '@app/billing';
import { CatalogReader } from '@app/catalog';
import { CustomerTime } from '@app/customers';
import { invalidField } from '@app/kernel';
import { EnrolmentPreview, LifecycleService, SubscriptionsService } from '@app/subscriptions';
import { CustomerResolver, OWN_CUSTOMER } from '../http/access/customer-resolver.js';
import { optionalDate } from '../http/input/instants.js';
import { assertTermsAllowed, assertTrialAllowed, takesPublicOffers } from '../subscriptions/own-terms.js';
import { InvoicePreviewDto, PreviewedInvoiceDto, type PreviewInvoiceDto } from './dto/preview-invoice.dto.js';
import { InvoicePresenter } from './invoice-presenter.js';

/** The caller, and the product that the request names. */
export interface PreviewContext {
  principal: Principal;
  product: string;
}

/** Previews the next invoice of a subscription, of a change of it, or of a new one. */
@Injectable()
export class PreviewInvoiceOperation {
  constructor(
    private readonly previews: InvoicePreviews,
    private readonly subscriptions: SubscriptionsService,
    private readonly lifecycle: LifecycleService,
    private readonly enrolment: EnrolmentPreview,
    private readonly catalog: CatalogReader,
    private readonly customers: CustomerResolver,
    private readonly time: CustomerTime,
    private readonly presenter: InvoicePresenter,
  ) {}

  /** @throws DomainError `subscription_not_found`, `invalid_fields`, `billing_off`, and the errors of the change */
  async preview(body: PreviewInvoiceDto, context: PreviewContext): Promise<InvoicePreviewDto> {
    const previewed = await (body.subscription === undefined
      ? this.newSubscription(body, context)
      : this.existing(body.subscription, body, context));
    const invoice = await this.previews.next(previewed);
    return { invoice: invoice && PreviewedInvoiceDto.of(await this.presenter.one(invoice)) };
  }

  private async existing(
    id: string,
    { change, plan, coupon, at }: PreviewInvoiceDto,
    { principal }: PreviewContext,
  ): Promise<Previewed> {
    if (plan !== undefined) throw invalidField('plan', 'must be in `change` for an existing subscription');
    if (coupon !== undefined) throw invalidField('coupon', 'is for a new subscription');
    const subscription = await this.subscriptions.getById(id);
    principal.scope.assertAdmits(subscription, 'subscription');
    const from = optionalDate(at) ?? (await this.time.of(subscription));
    if (!change) return { before: subscription, transition: null, from };
    const { when, quantity, ...selection } = change;
    const { before, transition } = await this.lifecycle.previewChange(subscription, {
      selection: { ...selection, publicOnly: takesPublicOffers(principal) },
      quantity,
      when,
    });
    return { before, transition, from };
  }

  private async newSubscription(
    { customer: key, plan, coupon, change, at, trialDays, ...selected }: PreviewInvoiceDto,
    { principal, product }: PreviewContext,
  ): Promise<Previewed> {
    if (plan === undefined) throw invalidField('subscription', 'must be given, or else plan');
    if (change !== undefined) throw invalidField('change', 'needs a subscription');
    assertTrialAllowed(principal, trialDays);
    assertTermsAllowed(principal, { coupon });
    const { interval, intervalCount, currency, quantity } = selected;
    const { customer } = await this.customers.get(key ?? OWN_CUSTOMER, principal.scope);
    const { id: productId } = await this.catalog.getProduct(product);
    const transition = await this.enrolment.of({
      customer,
      productId,
      selection: { plan, interval, intervalCount, currency, publicOnly: takesPublicOffers(principal) },
      quantity,
      trialDays,
    });
    return { before: null, transition, from: optionalDate(at) ?? transition.at, coupon };
  }
}
