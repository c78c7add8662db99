import { Injectable } from '@nestjs/common';
import { type Checkout, CheckoutsService } from '@app/billing';
import { InvoicePresenter } from '../invoices/invoice-presenter.js';
import { CheckoutDto } from './dto/checkout.dto.js';

/** A checkout with its invoice and payment. */
@Injectable()
export class CheckoutPresenter {
  constructor(
    private readonly checkouts: CheckoutsService,
    private readonly invoices: InvoicePresenter,
  ) {}

  async one(checkout: Checkout): Promise<CheckoutDto> {
    const { invoice, payment } = await this.checkouts.details(checkout);
    return CheckoutDto.of(checkout, { invoice: await this.invoices.one(invoice), payment });
  }
}
