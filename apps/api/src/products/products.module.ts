import { Module } from '@nestjs/common';
import { CatalogModule } from '@app/catalog';
import { BillingSettingsController } from './billing-settings.controller.js';
import { PortalSettingsController } from './portal-settings.controller.js';
import { ProductsController } from './products.controller.js';

@Module({
  imports: [CatalogModule],
  controllers: [ProductsController, BillingSettingsController, PortalSettingsController],
})
export class ProductsModule {}
