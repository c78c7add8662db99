import { Module } from '@nestjs/common';
import { BillingModule } from '@app/billing';
import { InvoiceRoutesModule } from '../invoices/invoice-routes.module.js';
import { CheckoutPresenter } from './checkout-presenter.js';
import { CheckoutsController } from './checkouts.controller.js';

@Module({
  imports: [BillingModule, InvoiceRoutesModule],
  controllers: [CheckoutsController],
  providers: [CheckoutPresenter],
  exports: [CheckoutPresenter],
})
export class CheckoutRoutesModule {}
