import { Module } from '@nestjs/common';
import { CatalogModule } from '@app/catalog';
import { CatalogController } from './catalog.controller.js';

@Module({ imports: [CatalogModule], controllers: [CatalogController] })
export class CatalogRoutesModule {}
