import { Module } from '@nestjs/common';
import { BillingModule } from '@app/billing';
import { CatalogModule } from '@app/catalog';
import { CustomersModule } from '@app/customers';
import { SubscriptionsModule } from '@app/subscriptions';
import { CloseInvoiceOperation } from './close-invoice.operation.js';
import { CreateInvoiceOperation } from './create-invoice.operation.js';
import { InvoicePresenter } from './invoice-presenter.js';
import { InvoicesController } from './invoices.controller.js';
import { PreviewInvoiceOperation } from './preview-invoice.operation.js';
import { ReadInvoicesOperation } from './read-invoices.operation.js';

@Module({
  imports: [BillingModule, CatalogModule, CustomersModule, SubscriptionsModule],
  controllers: [InvoicesController],
  providers: [
    CloseInvoiceOperation,
    CreateInvoiceOperation,
    InvoicePresenter,
    PreviewInvoiceOperation,
    ReadInvoicesOperation,
  ],
  exports: [InvoicePresenter],
})
export class InvoiceRoutesModule {}
