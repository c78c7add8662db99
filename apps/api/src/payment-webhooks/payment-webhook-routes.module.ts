import { Module } from '@nestjs/common';
import { BillingModule } from '@app/billing';
import { PaymentWebhooksController } from './payment-webhooks.controller.js';

@Module({ imports: [BillingModule], controllers: [PaymentWebhooksController] })
export class PaymentWebhookRoutesModule {}
