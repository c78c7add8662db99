import { Module } from '@nestjs/common';
import { AuthModule } from '@app/auth';
import { CatalogModule } from '@app/catalog';
import { CustomersModule } from '@app/customers';
import { WebhooksModule } from '@app/webhooks';
import { WebhookAccess } from './webhook-access.js';
import { WebhookDeliveriesController } from './webhook-deliveries.controller.js';
import { WebhookEndpointsController } from './webhook-endpoints.controller.js';

@Module({
  imports: [AuthModule, CatalogModule, CustomersModule, WebhooksModule],
  controllers: [WebhookEndpointsController, WebhookDeliveriesController],
  providers: [WebhookAccess],
})
export class WebhookRoutesModule {}
