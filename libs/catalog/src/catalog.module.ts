import { Module, type OnModuleInit } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { EventKeys } from '@app/events';
import { AddOnsRepository } from './add-ons.repository.js';
import { AddOnsService } from './add-ons.service.js';
import { CatalogReader } from './catalog-reader.js';
import { CatalogService } from './catalog.service.js';
import {
  AddOnEntity,
  FeatureEntity,
  PlanAssignmentEntity,
  PlanEntitlementEntity,
  PlanEntity,
  PlanPriceEntity,
  PlanVersionEntity,
  ProductEntity,
} from './catalog.entities.js';
import { PlansRepository } from './plans.repository.js';
import { PlansService } from './plans.service.js';
import { ProductsRepository } from './products.repository.js';
import { ProductsService } from './products.service.js';

const entities = [
  ProductEntity,
  AddOnEntity,
  FeatureEntity,
  PlanEntity,
  PlanVersionEntity,
  PlanPriceEntity,
  PlanEntitlementEntity,
  PlanAssignmentEntity,
];

@Module({
  imports: [TypeOrmModule.forFeature(entities)],
  providers: [
    ProductsRepository,
    PlansRepository,
    AddOnsRepository,
    CatalogReader,
    ProductsService,
    PlansService,
    AddOnsService,
    CatalogService,
  ],
  exports: [CatalogReader, ProductsService, PlansService, AddOnsService, CatalogService],
})
export class CatalogModule implements OnModuleInit {
  constructor(
    private readonly keys: EventKeys,
    private readonly products: ProductsRepository,
  ) {}

  onModuleInit(): void {
    this.keys.register('product', (ids) => this.products.keysOf(ids));
  }
}
