import { Module, type OnModuleInit } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { EventKeys } from '@app/events';
import { AddOnsRepository } from './add-ons.repository.js';
import { AddOnsService } from './add-ons.service.js';
import { BillingSettingsService } from './billing-settings.service.js';
import { CatalogReader } from './catalog-reader.js';
import { CatalogConcerns } from './catalog-concerns.repository.js';
import { CatalogSearch } from './catalog-search.repository.js';
import { CatalogService } from './catalog.service.js';
import {
  AddOnEntity,
  CouponEntity,
  FeatureEntity,
  PlanAssignmentEntity,
  PlanEntitlementEntity,
  PlanEntity,
  PlanPriceEntity,
  PlanVersionEntity,
  ProductEntity,
  TaxRateEntity,
} from './catalog.entities.js';
import { CouponsRepository } from './coupons.repository.js';
import { CouponsService } from './coupons.service.js';
import { OptionalPartsService } from './optional-parts.service.js';
import { PlansRepository } from './plans.repository.js';
import { PlansService } from './plans.service.js';
import { PortalSettingsService } from './portal-settings.service.js';
import { ProductKeysRepository } from './product-keys.repository.js';
import { ProductsRepository } from './products.repository.js';
import { ProductsService } from './products.service.js';
import { TaxRatesRepository } from './tax-rates.repository.js';
import { TaxRatesService } from './tax-rates.service.js';

const entities = [
  ProductEntity,
  AddOnEntity,
  CouponEntity,
  TaxRateEntity,
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
    CouponsRepository,
    TaxRatesRepository,
    ProductKeysRepository,
    CatalogReader,
    ProductsService,
    PlansService,
    AddOnsService,
    BillingSettingsService,
    PortalSettingsService,
    CouponsService,
    TaxRatesService,
    OptionalPartsService,
    CatalogService,
    CatalogSearch,
    CatalogConcerns,
  ],
  exports: [
    CatalogReader,
    ProductsService,
    PlansService,
    AddOnsService,
    BillingSettingsService,
    PortalSettingsService,
    CouponsService,
    TaxRatesService,
    CatalogService,
    CatalogSearch,
    CatalogConcerns,
  ],
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
