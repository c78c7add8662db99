import { Module, type OnModuleInit } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { EventKeys } from '@app/events';
import { CatalogReader } from './catalog-reader.js';
import { CatalogService } from './catalog.service.js';
import {
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
  FeatureEntity,
  PlanEntity,
  PlanVersionEntity,
  PlanPriceEntity,
  PlanEntitlementEntity,
  PlanAssignmentEntity,
];

@Module({
  imports: [TypeOrmModule.forFeature(entities)],
  providers: [ProductsRepository, PlansRepository, CatalogReader, ProductsService, PlansService, CatalogService],
  exports: [CatalogReader, ProductsService, PlansService, CatalogService],
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
