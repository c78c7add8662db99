import { DomainError, type FieldError, INTERVALS, isCurrency } from '@app/kernel';
import {
  type EntitlementTerms,
  type Feature,
  type FeatureType,
  OVERAGES,
  type PlanContent,
  type Price,
  WINDOWS,
} from './catalog.js';

const KEY = /^[a-z0-9][a-z0-9._-]{0,63}$/;
const DEVICE_TYPE = /^[a-z0-9][a-z0-9_-]{0,31}$/;
const REGION = /^[A-Z]{2}$/;
const MAX_TRIAL_DAYS = 730;
const MAX_STATIC_LENGTH = 1_000;

type Members = Record<string, unknown>;
type Rule = { check: (value: unknown) => boolean; message: string; optional?: boolean };

const matches = (form: RegExp, value: unknown): boolean => typeof value === 'string' && form.test(value);
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const oneOf = (values: readonly string[]): Rule => ({
  check: (value) => values.includes(value as string),
  message: `must be one of ${values.join(', ')}`,
});
const count: Rule = { check: isCount, message: 'must be a whole number of 0 or more' };
const positive: Rule = {
  check: (value) => isCount(value) && value !== 0,
  message: 'must be a whole number of 1 or more',
};
const limit: Rule = {
  check: (value) => value === null || isCount(value),
  message: 'must be a whole number of 0 or more, or null for unlimited',
};
const flag: Rule = { check: (value) => typeof value === 'boolean', message: 'must be true or false' };
const currency: Rule = { check: isCurrency, message: 'must be an ISO 4217 code such as USD' };
const optional = (rule: Rule): Rule => ({ ...rule, optional: true });
const staticValue: Rule = {
  check: (value) =>
    typeof value === 'boolean' ||
    (typeof value === 'number' && Number.isFinite(value)) ||
    (typeof value === 'string' && value.length <= MAX_STATIC_LENGTH),
  message: 'must be a text, a number, true or false',
};
const members = (shape: Record<string, Rule>): Rule => ({
  check: (value) => isMembers(value) && problemsOf(value, shape, '').length === 0,
  message: `must have ${Object.keys(shape).join(', ')} and nothing else`,
});

/** What the terms of each type of feature must look like. */
const TERMS: Record<FeatureType, Record<string, Rule>> = {
  boolean: { value: flag },
  static: { value: staticValue },
  metered: {
    limit,
    window: oneOf(WINDOWS),
    overage: oneOf(OVERAGES),
    overagePrice: optional(members({ amount: count, currency })),
    rateLimit: optional(members({ limit: positive, windowSeconds: positive })),
  },
  credit: { grant: members({ quantity: count, every: oneOf(WINDOWS), rolloverMax: optional(count) }) },
};

const PRICE: Record<string, Rule> = {
  interval: oneOf(INTERVALS),
  intervalCount: {
    check: (value) => isCount(value) && (value as number) >= 1 && (value as number) <= 1_000,
    message: 'must be 1 to 1000',
  },
  amount: count,
  currency,
  region: { check: (value) => value === null || matches(REGION, value), message: 'must be two capital letters' },
  deviceType: {
    check: (value) => value === null || matches(DEVICE_TYPE, value),
    message: 'must be up to 32 of a-z, 0-9, _ and -',
  },
};

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function problemsOf(value: Members, shape: Record<string, Rule>, path: string): FieldError[] {
  const unknown = Object.keys(value).filter((name) => value[name] !== undefined && !(name in shape));
  const wrong = Object.entries(shape).filter(
    ([name, rule]) => !(rule.optional && value[name] === undefined) && !rule.check(value[name]),
  );
  return [
    ...unknown.map((name) => ({ field: path + name, message: 'does not belong here' })),
    ...wrong.map(([name, rule]) => ({ field: path + name, message: rule.message })),
  ];
}

/** A plan version as a caller wrote it: entitlements flat, as in the contract. */
export interface RawContent {
  name: string;
  description?: string;
  trialDays?: number;
  prices?: object[];
  entitlements?: object[];
}

/**
 * Checks a plan version against the product's features and gives it its one canonical form.
 * @throws DomainError `invalid_fields` naming every field that is wrong.
 */
export function checkContent(raw: RawContent, features: Map<string, Feature>, path = ''): PlanContent {
  const problems: FieldError[] = [];
  const { trialDays = 0 } = raw;
  if (!isCount(trialDays) || trialDays > MAX_TRIAL_DAYS)
    problems.push({ field: `${path}trialDays`, message: `must be 0 to ${MAX_TRIAL_DAYS}` });
  const prices = (raw.prices ?? []).map((price, index) =>
    checkPrice(price as Members, `${path}prices.${index}.`, problems),
  );
  const entitlements = (raw.entitlements ?? []).map((item, index) =>
    checkEntitlement(item as Members, features, `${path}entitlements.${index}.`, problems),
  );
  assertUnique(prices.map(priceKey), `${path}prices`, problems);
  assertUnique(
    entitlements.map((item) => item.feature),
    `${path}entitlements`,
    problems,
  );
  if (problems.length > 0)
    throw new DomainError('invalid', 'invalid_fields', 'Some fields are not valid.', { errors: problems });
  return { name: raw.name, description: raw.description ?? '', trialDays, prices, entitlements };
}

function checkPrice(raw: Members, path: string, problems: FieldError[]): Price {
  const price = {
    intervalCount: 1,
    ...defined(raw),
    region: raw['region'] ?? null,
    deviceType: raw['deviceType'] ?? null,
  };
  problems.push(...problemsOf(price, PRICE, path));
  return price as unknown as Price;
}

function checkEntitlement(
  raw: Members,
  features: Map<string, Feature>,
  path: string,
  problems: FieldError[],
): { feature: string; terms: EntitlementTerms } {
  const { feature: key, type, ...rest } = defined(raw);
  const feature = features.get(String(key));
  if (!feature || feature.archivedAt) {
    problems.push({ field: `${path}feature`, message: 'is not a feature of this product' });
  } else if (type !== feature.type) {
    problems.push({ field: `${path}type`, message: `must be ${feature.type}, as the feature is` });
  } else {
    problems.push(...problemsOf(rest, TERMS[feature.type], path));
  }
  return { feature: String(key), terms: { type, ...rest } as EntitlementTerms };
}

/** Checks terms that are given to one customer alone. @throws DomainError `invalid_fields` */
export function checkTerms(feature: Feature, raw: object): EntitlementTerms {
  const terms = defined(raw as Members);
  const problems = problemsOf(terms, TERMS[feature.type], '');
  if (problems.length > 0)
    throw new DomainError('invalid', 'invalid_fields', 'Some fields are not valid.', { errors: problems });
  return { type: feature.type, ...terms } as EntitlementTerms;
}

function defined(raw: Members): Members {
  return Object.fromEntries(Object.entries(raw).filter(([, value]) => value !== undefined));
}

const priceKey = (price: Price): string =>
  [price.interval, price.intervalCount, price.currency, price.region, price.deviceType].join(' ');

function assertUnique(keys: string[], path: string, problems: FieldError[]): void {
  keys.forEach((key, index) => {
    if (keys.indexOf(key) !== index) problems.push({ field: `${path}.${index}`, message: 'repeats an earlier one' });
  });
}

/** @throws DomainError `invalid_fields` */
export function checkKey(key: string, field = 'key'): void {
  if (!KEY.test(key)) {
    throw new DomainError('invalid', 'invalid_fields', 'Some fields are not valid.', {
      errors: [{ field, message: 'must be 1 to 64 of a-z, 0-9, dot, _ and -, and start with a letter or digit' }],
    });
  }
}

/** Equal content, whatever the order of members. */
export function sameContent(one: unknown, other: unknown): boolean {
  return canonical(one) === canonical(other);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    isMembers(member) ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1))) : member,
  );
}
