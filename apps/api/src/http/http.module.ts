import { Global, Module } from '@nestjs/common';
import { CatalogModule } from '@app/catalog';
import { ProductConfinement } from './access/product-confinement.js';
import { Pages } from './pagination/pages.js';

/** What every controller may ask for. */
@Global()
@Module({ imports: [CatalogModule], providers: [Pages, ProductConfinement], exports: [Pages, ProductConfinement] })
export class HttpModule {}
