import type { FieldError } from '@app/kernel';
import { z } from 'zod';
import {
  type EntitlementTerms,
  type Feature,
  type FeatureType,
  MAX_WINDOW_COUNT,
  type MeteredTerms,
  OVERAGES,
  type PlanContent,
  type Price,
  WINDOW_ANCHORS,
  type WindowAnchor,
  type WindowName,
  WINDOWS,
} from './catalog.js';
import { currency, priceKey, PRICE, USAGE_PRICE } from './price-schemas.js';
import { exactly, invalid, isMembers, oneOf, problemsOf, whole, withoutUndefined } from './schema.js';

const KEY = /^[a-z0-9][a-z0-9._-]{0,63}$/;
const MAX_TRIAL_DAYS = 730;
const MAX_STATIC_LENGTH = 1_000;
/** Longest span of a rate limit: 365 days. */
const MAX_RATE_SECONDS = 31_536_000;

const count = whole('must be a whole number of 0 or more', 0);
const positive = whole('must be a whole number of 1 or more', 1);
const limit = whole('must be a whole number of 0 or more, or null for unlimited', 0).nullable();
const trialDays = whole(`must be 0 to ${MAX_TRIAL_DAYS}`, 0, MAX_TRIAL_DAYS).default(0);

/** A member that is an object. Any error inside is reported once, as an error of the whole member. */
const members = <Shape extends z.ZodRawShape>(shape: Shape) => {
  const schema = exactly(shape);
  return z.custom<z.infer<z.ZodObject<Shape>>>(
    (value) => schema.safeParse(value).success,
    `must have ${Object.keys(shape).join(', ')} and nothing else`,
  );
};

const WINDOW_RULE = z.object({
  windowCount: whole(`must be 1 to ${MAX_WINDOW_COUNT}`, 1, MAX_WINDOW_COUNT).optional(),
  windowAnchor: oneOf(WINDOW_ANCHORS).optional(),
});

/** Count and anchor of a window, of any value: `assertWindow` checks them, and names the one that is wrong. */
const windowRule = {
  windowCount: z.custom<number>(() => true).optional(),
  windowAnchor: z.custom<WindowAnchor>(() => true).optional(),
};

/** Adds an issue for a count or an anchor that is wrong, or that windows of this unit do not have. */
function assertWindow(unit: WindowName, rule: object, context: z.core.$RefinementCtx, path: string[] = []): void {
  const { data, error } = WINDOW_RULE.safeParse(rule);
  for (const { path: field, message } of error?.issues ?? [])
    context.addIssue({ code: 'custom', path: [...path, ...field], message });
  if (!data || (unit !== 'none' && unit !== 'billing_period')) return;
  const defaults = { windowCount: 1, windowAnchor: 'calendar' } as const;
  for (const field of ['windowCount', 'windowAnchor'] as const)
    if ((data[field] ?? defaults[field]) !== defaults[field])
      context.addIssue({ code: 'custom', path: [...path, field], message: `is not possible with the window ${unit}` });
}

/** Adds an issue for a price of usage that would never be charged, or that is the second one. */
function assertUsagePrice(terms: Partial<MeteredTerms>, context: z.core.$RefinementCtx): void {
  const { usagePrice, overagePrice, overage, limit: included } = terms;
  if (!usagePrice) return;
  const problem = (message: string): void => context.addIssue({ code: 'custom', path: ['usagePrice'], message });
  if (overage !== 'allow') problem('requires the overage allow');
  else if (overagePrice) problem('must be left out, or else overagePrice');
  else if (included === null) problem('requires a limit; with the limit 0, every unit has the price');
}

/** The terms of each type of feature. */
const TERMS = {
  boolean: exactly({ value: z.boolean('must be true or false') }),
  static: exactly({
    value: z.union(
      [z.boolean(), z.number(), z.string().max(MAX_STATIC_LENGTH)],
      'must be a text, a number, true or false',
    ),
  }),
  metered: exactly({
    limit,
    window: oneOf(WINDOWS),
    ...windowRule,
    overage: oneOf(OVERAGES).default('deny'),
    overagePrice: members({ amount: count, currency }).optional(),
    usagePrice: USAGE_PRICE.optional(),
    rateLimit: members({
      limit: positive,
      windowSeconds: whole(`must be 1 to ${MAX_RATE_SECONDS}`, 1, MAX_RATE_SECONDS),
    }).optional(),
    entityLimit: count.optional(),
  }).superRefine((terms, context) => {
    assertWindow(terms.window, terms, context);
    assertUsagePrice(terms, context);
  }),
  credit: exactly({
    grant: members({ quantity: count, every: oneOf(WINDOWS), rolloverMax: count.optional(), ...windowRule }),
  }).superRefine(({ grant }, context) => assertWindow(grant.every, grant, context, ['grant'])),
} satisfies Record<FeatureType, z.ZodType<Omit<EntitlementTerms, 'type'>>>;

/** Trial and prices of a plan version. Entitlements are checked apart, because their terms depend on the features. */
const CONTENT = z.object({ trialDays, prices: z.array(PRICE).default([]) });

/** A plan version in the form of requests: an entitlement has its terms beside `feature` and `type`. */
export interface RawContent {
  name: string;
  description?: string;
  trialDays?: number;
  prices?: object[];
  entitlements?: object[];
}

/**
 * Checks a plan version against the product's features and returns its canonical form.
 * @param path prefix of the fields in errors, such as `plans.0.`
 * @throws DomainError `invalid_fields` with every field that is wrong
 */
export function checkContent(raw: RawContent, features: Map<string, Feature>, path = ''): PlanContent {
  const content = CONTENT.safeParse({ trialDays: raw.trialDays, prices: raw.prices });
  const problems = content.success ? [] : problemsOf(content.error, path);
  const entitlements = (raw.entitlements ?? []).map((item, index) =>
    checkEntitlement(item, features, `${path}entitlements.${index}.`, problems),
  );
  assertUnique((raw.prices ?? []).map(priceKey), `${path}prices`, problems);
  assertUnique(
    entitlements.map(({ feature }) => feature),
    `${path}entitlements`,
    problems,
  );
  if (content.success) problems.push(...currencyProblems(content.data.prices, entitlements, path));
  if (!content.success || problems.length > 0) throw invalid(problems);
  // Without problems every entitlement has terms.
  const complete = entitlements as PlanContent['entitlements'];
  return { name: raw.name, description: raw.description ?? '', ...content.data, entitlements: complete };
}

/**
 * Usage is charged on invoices in the currency of the sold price: a price of usage needs the currency of all prices.
 * For `overagePrice`, which may be older than billing, one of them is enough.
 */
function currencyProblems(
  prices: Pick<Price, 'currency'>[],
  entitlements: { terms: EntitlementTerms | null }[],
  path: string,
): FieldError[] {
  const currencies = [...new Set(prices.map((price) => price.currency))];
  if (currencies.length === 0) return [];
  return entitlements.flatMap(({ terms }, index): FieldError[] => {
    if (terms?.type !== 'metered' || terms.overage !== 'allow') return [];
    const { usagePrice, overagePrice } = terms;
    const isOther = usagePrice
      ? currencies.some((currency) => currency !== usagePrice.currency)
      : overagePrice !== undefined && !currencies.includes(overagePrice.currency);
    const field = `${path}entitlements.${index}.${usagePrice ? 'usagePrice' : 'overagePrice'}.currency`;
    const message = `must be that of ${usagePrice ? 'all' : 'one of the'} prices, which have ${currencies.join(', ')}; make one plan for each currency`;
    return isOther ? [{ field, message }] : [];
  });
}

function checkEntitlement(
  raw: object,
  features: Map<string, Feature>,
  path: string,
  problems: FieldError[],
): { feature: string; terms: EntitlementTerms | null } {
  const { feature: key, type, ...terms } = withoutUndefined(raw) as Record<string, unknown>;
  const feature = features.get(String(key));
  if (!feature || feature.archivedAt) {
    problems.push({ field: `${path}feature`, message: 'must be the key of an active feature of this product' });
  } else if (type !== feature.type) {
    problems.push({ field: `${path}type`, message: `must be ${feature.type}, the type of the feature` });
  } else {
    return { feature: feature.key, terms: parseTerms(feature, terms, path, problems) };
  }
  return { feature: String(key), terms: null };
}

/**
 * Checks the terms of an override against the type of its feature.
 * @throws DomainError `invalid_fields`
 * @example checkTerms(feature, { limit: 500, window: 'month', overage: 'deny' })
 */
export function checkTerms(feature: Feature, raw: object): EntitlementTerms {
  const problems: FieldError[] = [];
  const terms = parseTerms(feature, raw, '', problems);
  if (!terms) throw invalid(problems);
  return terms;
}

/** The terms with their defaults; null when they are not valid: then `problems` gets an error for each field. */
function parseTerms(feature: Feature, raw: object, path: string, problems: FieldError[]): EntitlementTerms | null {
  const { data, error } = TERMS[feature.type].safeParse(raw);
  const found = error ? problemsOf(error, path) : aggregationProblems(feature, data as Partial<MeteredTerms>, path);
  problems.push(...found);
  return found.length > 0 ? null : ({ type: feature.type, ...data } as EntitlementTerms);
}

/** Terms that count single units have no meaning for a reported value. */
function aggregationProblems({ aggregation }: Feature, terms: Partial<MeteredTerms>, path: string): FieldError[] {
  if (aggregation === 'sum') return [];
  const { overage, rateLimit, entityLimit } = terms;
  const refused: [boolean, string, string][] = [
    [overage === 'cap', 'overage', 'must be deny or allow'],
    [rateLimit !== undefined, 'rateLimit', 'must be left out'],
    [aggregation === 'unique' && entityLimit !== undefined, 'entityLimit', 'must be left out'],
  ];
  return refused
    .filter(([isRefused]) => isRefused)
    .map(([, field, message]) => ({
      field: path + field,
      message: `${message}: the feature counts by ${aggregation}`,
    }));
}

function assertUnique(keys: string[], path: string, problems: FieldError[]): void {
  keys.forEach((key, index) => {
    if (keys.indexOf(key) !== index)
      problems.push({ field: `${path}.${index}`, message: 'duplicates an earlier item' });
  });
}

/** Rejects a malformed key of a product, feature or plan. @throws DomainError `invalid_fields` */
export function checkKey(key: string, field = 'key'): void {
  if (!KEY.test(key)) {
    throw invalid([{ field, message: 'must be 1 to 64 of a-z, 0-9, dot, _ and -, and start with a letter or digit' }]);
  }
}

/** True for equal content; the order of members does not matter. */
export function sameContent(one: unknown, other: unknown): boolean {
  return canonical(one) === canonical(other);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    isMembers(member) ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1))) : member,
  );
}
