import { Module } from '@nestjs/common';
import { CatalogModule } from '@app/catalog';
import { DeliveriesModule } from '@app/deliveries';
import { AddressLookup, AddressPolicy } from './address-policy.js';
import { TargetAddresses } from './target-addresses.js';
import { WebhookChannel } from './webhook-channel.js';
import { WebhookDeliveriesService } from './webhook-deliveries.service.js';
import { WebhookEndpointsRepository } from './webhook-endpoints.repository.js';
import { WebhookEndpointsService } from './webhook-endpoints.service.js';
import { WebhookPublication } from './webhook-publication.js';
import { WebhookSecrets } from './webhook-secrets.js';
import { WebhookSender } from './webhook-sender.js';

@Module({
  imports: [CatalogModule, DeliveriesModule],
  providers: [
    AddressLookup,
    AddressPolicy,
    TargetAddresses,
    WebhookChannel,
    WebhookDeliveriesService,
    WebhookEndpointsRepository,
    WebhookEndpointsService,
    WebhookPublication,
    WebhookSecrets,
    WebhookSender,
  ],
  exports: [WebhookDeliveriesService, WebhookEndpointsService],
})
export class WebhooksModule {}
