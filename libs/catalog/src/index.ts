import './catalog.events.js';

export { AddOnsService } from './add-ons.service.js';
export { BUILTIN_CATALOG, DEFAULT_PRODUCT, OPERATOR_PLAN, OWN_PRODUCT } from './builtin-catalog.js';
export { BillingSettingsService } from './billing-settings.service.js';
export { PortalSettingsService } from './portal-settings.service.js';
export { CatalogReader } from './catalog-reader.js';
export { CatalogModule } from './catalog.module.js';
export { CatalogService } from './catalog.service.js';
export * from './domain/billing-settings.js';
export * from './domain/portal-settings.js';
export { CouponsService } from './coupons.service.js';
export * from './domain/catalog.js';
export {
  COUPON_DURATIONS,
  type Coupon,
  type CouponContent,
  couponContent,
  type CouponDuration,
  type RawCoupon,
} from './domain/coupon.js';
export {
  type RawTaxRate,
  type TaxRate,
  type TaxRateContent,
  taxRateContent,
  type TaxRateTargets,
} from './domain/tax-rate.js';
export { type RawAddOn, rawAddOn } from './domain/add-on.js';
export type { CatalogDifference, CatalogDocument } from './domain/catalog-document.js';
export { choosePrice } from './domain/choose-price.js';
export { checkTerms } from './domain/plan-content.js';
export { MAX_TIERS } from './domain/price-schemas.js';
export { hasUsagePrices, usagePriceOf } from './domain/usage-price.js';
export type { RawContent } from './domain/plan-content.js';
export type { PlanFilter } from './plans.repository.js';
export { type PlanAndVersion, type PlanPatch, PlansService } from './plans.service.js';
export { type NewFeature, ProductsService } from './products.service.js';
export { TaxRatesService } from './tax-rates.service.js';
export { CatalogConcerns } from './catalog-concerns.repository.js';
export { CatalogSearch, FOUND_ITEMS, type FoundItem } from './catalog-search.repository.js';
