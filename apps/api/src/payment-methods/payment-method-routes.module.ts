import { Module } from '@nestjs/common';
import { BillingModule } from '@app/billing';
import { PaymentMethodsController } from './payment-methods.controller.js';

@Module({ imports: [BillingModule], controllers: [PaymentMethodsController] })
export class PaymentMethodRoutesModule {}
