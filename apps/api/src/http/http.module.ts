import { Global, Module } from '@nestjs/common';
import { CatalogModule } from '@app/catalog';
import { CustomersModule } from '@app/customers';
import { EventScope } from './access/event-scope.js';
import { ProductConfinement } from './access/product-confinement.js';
import { InFlight } from './in-flight/in-flight.js';
import { RequestLog } from './observation/request-log.js';
import { Pages } from './pagination/pages.js';

/** What every controller may ask for. */
@Global()
@Module({
  imports: [CatalogModule, CustomersModule],
  providers: [EventScope, InFlight, Pages, ProductConfinement, RequestLog],
  exports: [EventScope, Pages, ProductConfinement],
})
export class HttpModule {}
