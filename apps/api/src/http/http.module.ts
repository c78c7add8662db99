import { Global, Module } from '@nestjs/common';
import { CatalogModule } from '@app/catalog';
import { CustomersModule } from '@app/customers';
import { EventScope } from './access/event-scope.js';
import { ProductConfinement } from './access/product-confinement.js';
import { Pages } from './pagination/pages.js';

/** What every controller may ask for. */
@Global()
@Module({ imports: [CatalogModule, CustomersModule], providers: [EventScope, Pages, ProductConfinement], exports: [EventScope, Pages, ProductConfinement] })
export class HttpModule {}
