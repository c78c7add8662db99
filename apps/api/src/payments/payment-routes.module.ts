import { Module } from '@nestjs/common';
import { BillingModule } from '@app/billing';
import { CatalogModule } from '@app/catalog';
import { CustomersModule } from '@app/customers';
import { SubscriptionsModule } from '@app/subscriptions';
import { InvoicePaymentsController } from './invoice-payments.controller.js';
import { PayInvoiceOperation } from './pay-invoice.operation.js';
import { PaymentPresenter } from './payment-presenter.js';
import { PaymentsController } from './payments.controller.js';
import { ReadPaymentsOperation } from './read-payments.operation.js';

@Module({
  imports: [BillingModule, CatalogModule, CustomersModule, SubscriptionsModule],
  controllers: [InvoicePaymentsController, PaymentsController],
  providers: [PayInvoiceOperation, PaymentPresenter, ReadPaymentsOperation],
})
export class PaymentRoutesModule {}
