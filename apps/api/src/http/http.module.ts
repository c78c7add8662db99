import { Global, Module } from '@nestjs/common';
import { CatalogModule } from '@app/catalog';
import { CustomersModule } from '@app/customers';
import { EntitlementsModule } from '@app/entitlements';
import { SubscriptionsModule } from '@app/subscriptions';
import { AccessRefusals } from './access/access-refusals.js';
import { CustomerResolver } from './access/customer-resolver.js';
import { EventScope } from './access/event-scope.js';
import { CatalogPages } from './cache/catalog-pages.js';
import { SharedPages } from './cache/shared-pages.js';
import { InFlight } from './in-flight/in-flight.js';
import { RequestLog } from './observation/request-log.js';
import { Pages } from './pagination/pages.js';

/** Providers that every controller may inject. */
@Global()
@Module({
  imports: [CatalogModule, CustomersModule, EntitlementsModule, SubscriptionsModule],
  providers: [AccessRefusals, CatalogPages, CustomerResolver, EventScope, InFlight, Pages, RequestLog, SharedPages],
  exports: [AccessRefusals, CatalogPages, CustomerResolver, EventScope, Pages],
})
export class HttpModule {}
