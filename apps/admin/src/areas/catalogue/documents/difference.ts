import type { components } from '@tollgate/schema';
import { type Price, priceKey } from '../terms/terms';

export type CatalogDocument = components['schemas']['CatalogDto'];
export type CatalogDifference = components['schemas']['CatalogDifferenceDto'];

/** A field that differs; undefined: the document leaves it out. */
export interface FieldChange {
  field: string;
  before: unknown;
  after: unknown;
}

export interface ObjectChange {
  key: string;
  change: 'created' | 'updated' | 'archived' | 'changed';
  fields: FieldChange[];
}

export interface KindDifference {
  kind: 'product' | 'features' | 'plans' | 'addOns' | 'coupons' | 'taxRates' | 'billing' | 'portal' | 'assignment';
  objects: ObjectChange[];
  unchanged: number;
}

const LISTS = ['features', 'plans', 'addOns', 'coupons', 'taxRates'] as const;
const WHOLES = ['billing', 'portal', 'assignment'] as const;

/** The changes of an import. The API decides which objects differ; the fields are compared here. */
export function explainDifference(
  difference: CatalogDifference,
  before: CatalogDocument,
  after: CatalogDocument,
): KindDifference[] {
  return [
    ...productDifference(difference, before, after),
    ...LISTS.flatMap((kind) => listDifference(kind, difference, before, after)),
    ...WHOLES.filter((kind) => difference[kind] === 'changed').map((kind) => ({
      kind,
      objects: [{ key: kind, change: 'changed' as const, fields: compareFields(before[kind], after[kind]) }],
      unchanged: 0,
    })),
  ];
}

function productDifference(
  { product }: CatalogDifference,
  before: CatalogDocument,
  after: CatalogDocument,
): KindDifference[] {
  if (product === 'unchanged') return [];
  const fields = product === 'created' ? [] : compareFields(before.product, after.product);
  return [{ kind: 'product', objects: [{ key: after.product.key, change: product, fields }], unchanged: 0 }];
}

function listDifference(
  kind: (typeof LISTS)[number],
  difference: CatalogDifference,
  before: CatalogDocument,
  after: CatalogDocument,
): KindDifference[] {
  const changes = difference[kind];
  if (!changes) return [];
  const find = (document: CatalogDocument, key: string): unknown => document[kind]?.find((one) => one.key === key);
  const objects: ObjectChange[] = [
    ...changes.created.map((key) => ({ key, change: 'created' as const, fields: [] })),
    ...changes.updated.map((key) => ({
      key,
      change: 'updated' as const,
      fields: compareFields(find(before, key), find(after, key)),
    })),
    ...changes.archived.map((key) => ({ key, change: 'archived' as const, fields: [] })),
  ];
  return objects.length === 0 ? [] : [{ kind, objects, unchanged: changes.unchanged.length }];
}

/** Values of members that a document may leave out. */
const DEFAULTS: Record<string, unknown> = {
  aggregation: 'sum',
  public: true,
  intervalCount: 1,
  windowCount: 1,
  windowAnchor: 'calendar',
  window: 'billing_period',
  overage: 'deny',
  duration: 'once',
};

/** Differences of two values by path. A member that only one side has is one difference, not one for each leaf. */
function compareFields(before: unknown, after: unknown, field = ''): FieldChange[] {
  const old = membersOf(before);
  const next = membersOf(after);
  if (!old || !next) return normalized(field, before) === normalized(field, after) ? [] : [{ field, before, after }];
  const names = new Set([...old.keys(), ...next.keys()]);
  return [...names].flatMap((name) => compareFields(old.get(name), next.get(name), field ? `${field}.${name}` : name));
}

function normalized(field: string, value: unknown): string {
  const name = field.split('.').at(-1)!;
  const whole = value ?? DEFAULTS[name];
  const isEmpty = whole === undefined || whole === null || whole === '' || whole === false || whole === 0;
  return isEmpty || (Array.isArray(whole) && whole.length === 0) ? '' : JSON.stringify(whole);
}

/** Members of an object or of a list of objects. Those of lists have the name of what identifies them, not a place. */
function membersOf(value: unknown): Map<string, unknown> | null {
  if (typeof value !== 'object' || value === null) return null;
  if (!Array.isArray(value)) return new Map(Object.entries(value));
  const isList = value.some((one) => typeof one === 'object');
  return isList ? new Map(value.map((one: object, index) => [identityOf(one, index), one])) : null;
}

function identityOf(member: object, index: number): string {
  if ('feature' in member) return String(member.feature);
  if ('interval' in member)
    return priceKey(member as Price)
      .split('|')
      .filter(Boolean)
      .join(' ');
  return String(index + 1);
}
