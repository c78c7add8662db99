import { Module } from '@nestjs/common';
import { CatalogModule } from '@app/catalog';
import { PlansController } from './plans.controller.js';

@Module({ imports: [CatalogModule], controllers: [PlansController] })
export class PlansModule {}
