import { Module } from '@nestjs/common';
import { BillingModule } from '@app/billing';
import { CatalogModule } from '@app/catalog';
import { CustomersModule } from '@app/customers';
import { EntitlementsModule } from '@app/entitlements';
import { MeteringModule } from '@app/metering';
import { SubscriptionsModule } from '@app/subscriptions';
import { CheckoutRoutesModule } from '../checkouts/checkout-routes.module.js';
import { InvoiceRoutesModule } from '../invoices/invoice-routes.module.js';
import { PreviewChangeOperation } from './preview-change.operation.js';
import { PurchaseOperation } from './purchase.operation.js';
import { SubscriptionAddOnsController } from './subscription-add-ons.controller.js';
import { SubscriptionCommandsController } from './subscription-commands.controller.js';
import { SubscriptionPresenter } from './subscription-presenter.js';
import { SubscriptionsController } from './subscriptions.controller.js';

@Module({
  imports: [
    BillingModule,
    CheckoutRoutesModule,
    InvoiceRoutesModule,
    SubscriptionsModule,
    CatalogModule,
    CustomersModule,
    EntitlementsModule,
    MeteringModule,
  ],
  controllers: [SubscriptionsController, SubscriptionCommandsController, SubscriptionAddOnsController],
  providers: [SubscriptionPresenter, PurchaseOperation, PreviewChangeOperation],
  exports: [SubscriptionPresenter],
})
export class SubscriptionRoutesModule {}
