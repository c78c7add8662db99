import { Module } from '@nestjs/common';
import { CatalogModule } from '@app/catalog';
import { FeaturesController } from './features.controller.js';

@Module({ imports: [CatalogModule], controllers: [FeaturesController] })
export class FeaturesModule {}
