import { DomainError, type FieldError } from '@app/kernel';
import type { RawAddOn } from './add-on.js';
import { checkAggregation } from './aggregation.js';
import type { RawBillingSettings } from './billing-settings.js';
import type { Aggregation, Assignment, FailurePolicy, Feature, FeatureType } from './catalog.js';
import type { RawCoupon } from './coupon.js';
import { checkKey, type RawContent } from './plan-content.js';
import type { RawPortalSettings } from './portal-settings.js';
import type { RawTaxRate } from './tax-rate.js';

/** The whole catalogue of one product as one document. Plans and features that are missing from it are archived. */
export interface CatalogDocument {
  product: { key: string; name: string };
  features: {
    key: string;
    name: string;
    type: FeatureType;
    aggregation?: Aggregation;
    unit?: string | null;
    failurePolicy?: FailurePolicy | null;
  }[];
  plans: (RawContent & { key: string; public?: boolean })[];
  /** Left out: the add-ons of the product stay as they are. */
  addOns?: (RawAddOn & { key: string })[];
  /** How the product is billed; null: it is not. Left out: as it is. */
  billing?: RawBillingSettings | null;
  /** Left out: the coupons of the product stay as they are. */
  coupons?: (RawCoupon & { key: string })[];
  /** The portal of the product; null: the defaults. Left out: as it is. */
  portal?: RawPortalSettings | null;
  /** Left out: the tax rates of the product stay as they are. */
  taxRates?: (RawTaxRate & { key: string })[];
  assignment: { plan: string; region?: string | null; deviceType?: string | null }[];
}

export interface Changes {
  created: string[];
  updated: string[];
  archived: string[];
  unchanged: string[];
}

/** The changes that applying a document makes, by key. */
export interface CatalogDifference {
  dryRun: boolean;
  product: 'created' | 'updated' | 'unchanged';
  features: Changes;
  plans: Changes;
  /** Only when the document has add-ons. */
  addOns?: Changes;
  /** Only when the document says how the product is billed. */
  billing?: 'changed' | 'unchanged';
  /** Only when the document has coupons. */
  coupons?: Changes;
  /** Only when the document describes the portal. */
  portal?: 'changed' | 'unchanged';
  /** Only when the document has tax rates. */
  taxRates?: Changes;
  assignment: 'changed' | 'unchanged';
}

export const noChanges = (): Changes => ({ created: [], updated: [], archived: [], unchanged: [] });

/** @throws DomainError `invalid_fields` naming every key that is malformed, repeated or missing */
export function checkDocument({ product, features, plans, assignment, ...optional }: CatalogDocument): void {
  const { addOns = [], coupons = [], taxRates = [] } = optional;
  checkKey(product.key, 'product.key');
  features.forEach(({ key }, index) => checkKey(key, `features.${index}.key`));
  features.forEach((feature, index) => checkAggregation(feature, `features.${index}.aggregation`));
  plans.forEach(({ key }, index) => checkKey(key, `plans.${index}.key`));
  const lists = { addOns, coupons, taxRates };
  for (const [list, items] of Object.entries(lists))
    items.forEach(({ key }, index) => checkKey(key, `${list}.${index}.key`));
  const problems: FieldError[] = [
    ...Object.entries(lists).flatMap(([list, items]) =>
      repeated(
        items.map(({ key }) => key),
        list,
      ),
    ),
    ...repeated(
      features.map(({ key }) => key),
      'features',
    ),
    ...repeated(
      plans.map(({ key }) => key),
      'plans',
    ),
    ...repeated(
      assignment.map(({ region, deviceType }) => `${region ?? ''} ${deviceType ?? ''}`),
      'assignment',
    ),
  ];
  assignment.forEach(({ plan }, index) => {
    if (!plans.some(({ key }) => key === plan))
      problems.push({ field: `assignment.${index}.plan`, message: 'must be the key of a plan in this document' });
  });
  plans.forEach(({ prices }, index) => {
    if ((prices ?? []).length === 0)
      problems.push({ field: `plans.${index}.prices`, message: 'must have at least one price' });
  });
  if (problems.length > 0)
    throw new DomainError('invalid', 'invalid_fields', 'Some fields are not valid.', { errors: problems });
}

function repeated(keys: string[], path: string): FieldError[] {
  return keys.flatMap((key, index) =>
    keys.indexOf(key) === index ? [] : [{ field: `${path}.${index}`, message: 'duplicates an earlier item' }],
  );
}

/** The effect of the document on a feature. @throws DomainError `feature_type_fixed`, `feature_aggregation_fixed` */
export function featureChange(
  stored: Feature | undefined,
  wanted: CatalogDocument['features'][number],
): 'created' | 'updated' | 'unchanged' {
  if (!stored) return 'created';
  if (stored.type !== wanted.type)
    throw new DomainError(
      'conflict',
      'feature_type_fixed',
      `The type of feature "${stored.key}" is ${stored.type} and cannot be changed; use another key.`,
    );
  if (stored.aggregation !== (wanted.aggregation ?? 'sum'))
    throw new DomainError(
      'conflict',
      'feature_aggregation_fixed',
      `The aggregation of feature "${stored.key}" is ${stored.aggregation} and cannot be changed; use another key.`,
    );
  return stored.name === wanted.name &&
    stored.unit === (wanted.unit ?? null) &&
    stored.failurePolicy === (wanted.failurePolicy ?? null) &&
    !stored.archivedAt
    ? 'unchanged'
    : 'updated';
}

/** Assignment rules in the form in which they are stored: null for a region or device type that is left out. */
export function normalizedRules(rules: CatalogDocument['assignment']): Assignment[] {
  return rules.map(({ plan, region, deviceType }) => ({
    plan,
    region: region ?? null,
    deviceType: deviceType ?? null,
  }));
}
