import { Module } from '@nestjs/common';
import { CatalogModule } from '@app/catalog';
import { TaxRatesController } from './tax-rates.controller.js';

@Module({ imports: [CatalogModule], controllers: [TaxRatesController] })
export class TaxRatesModule {}
