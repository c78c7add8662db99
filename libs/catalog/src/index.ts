import './catalog.events.js';

export { AddOnsService, type NewAddOn, rawAddOn } from './add-ons.service.js';
export { BUILTIN_CATALOG, DEFAULT_PRODUCT, OPERATOR_PLAN, OWN_PRODUCT } from './builtin-catalog.js';
export { CatalogReader } from './catalog-reader.js';
export { CatalogModule } from './catalog.module.js';
export { CatalogService } from './catalog.service.js';
export * from './domain/catalog.js';
export type { RawAddOn } from './domain/add-on.js';
export type { CatalogDifference, CatalogDocument } from './domain/catalog-document.js';
export { choosePrice } from './domain/choose-price.js';
export { checkTerms } from './domain/plan-content.js';
export type { RawContent } from './domain/plan-content.js';
export type { PlanFilter } from './plans.repository.js';
export { type PlanAndVersion, type PlanPatch, PlansService } from './plans.service.js';
export { type NewFeature, ProductsService } from './products.service.js';
