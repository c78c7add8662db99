import { Module } from '@nestjs/common';
import { BillingModule } from '@app/billing';
import { BillingProfilesController } from './billing-profiles.controller.js';

@Module({ imports: [BillingModule], controllers: [BillingProfilesController] })
export class BillingProfileRoutesModule {}
