import { Module } from '@nestjs/common';
import { CatalogModule } from '@app/catalog';
import { AddOnsController } from './add-ons.controller.js';

@Module({ imports: [CatalogModule], controllers: [AddOnsController] })
export class AddOnsModule {}
