import type { FieldError } from '@app/kernel';
import { z } from 'zod';
import { instantText } from './coupon.js';
import { percentage } from './decimal.js';
import { exactly, invalid, problemsOf } from './schema.js';

/** The lines that a tax rate is for: those of one of these plans, add-ons or features. */
export interface TaxRateTargets {
  plans: string[];
  addOns: string[];
  features: string[];
}

export interface TaxRateContent {
  /** As on invoices, such as `VAT`. */
  name: string;
  /** Decimal with up to four places, such as `19` or `7.7`. */
  percentage: string;
  /** True: prices contain the tax. False: it is added. */
  inclusive: boolean;
  /** Of the buyer, ISO 3166-1 alpha-2; null: any. */
  country: string | null;
  /** Of the buyer within the country; null: any. */
  region: string | null;
  /** Half open, as RFC 3339 in UTC; null: no bound. */
  validFrom: string | null;
  validUntil: string | null;
  /** null: for every line. */
  appliesTo: TaxRateTargets | null;
}

/** A tax rate of a product. Finalized invoices have a copy of what they were taxed with. */
export interface TaxRate extends TaxRateContent {
  id: string;
  productId: string;
  key: string;
  archivedAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

/** A tax rate in the form of requests. */
export type RawTaxRate = Partial<Omit<TaxRateContent, 'appliesTo'>> & {
  name: string;
  percentage: string;
  appliesTo?: Partial<TaxRateTargets> | null;
};

/** Keys of a product that a tax rate may name. */
export type TargetKeys = Record<keyof TaxRateTargets, ReadonlySet<string>>;

const MAX_KEYS = 500;
const NOUNS = { plans: 'a plan', addOns: 'an add-on', features: 'a feature' } as const;

const keys = z.array(z.string('must be a key'), 'must be a list of keys').max(MAX_KEYS).default([]);
const TAX_RATE = exactly({
  name: z.string(),
  percentage: percentage({ places: 4, least: 0n, message: 'must be a decimal text from 0 to 100, to four places' }),
  inclusive: z.boolean('must be true or false').default(false),
  country: z
    .string()
    .regex(/^[A-Z]{2}$/, 'must be two capital letters')
    .nullable()
    .default(null),
  region: z
    .string()
    .trim()
    .min(1, 'must not be empty')
    .max(100, 'must have up to 100 characters')
    .nullable()
    .default(null),
  validFrom: instantText.nullable().default(null),
  validUntil: instantText.nullable().default(null),
  appliesTo: exactly({ plans: keys, addOns: keys, features: keys }).nullable().default(null),
}).superRefine(({ country, region, validFrom, validUntil, appliesTo }, context) => {
  const problem = (field: string, message: string): void =>
    context.addIssue({ code: 'custom', path: [field], message });
  if (region !== null && country === null) problem('country', 'is required with region');
  if (validFrom !== null && validUntil !== null && validUntil <= validFrom)
    problem('validUntil', 'must be after validFrom');
  if (appliesTo && Object.values(appliesTo).every((list) => list.length === 0))
    problem('appliesTo', 'must name something, or be null for everything');
});

/**
 * Checks a tax rate and returns its canonical form.
 * @param known keys of its product
 * @param path prefix of the fields in errors, such as `taxRates.0.`
 * @throws DomainError `invalid_fields` with every field that is wrong
 */
export function checkTaxRate(raw: RawTaxRate, known: TargetKeys, path = ''): TaxRateContent {
  const { data, error } = TAX_RATE.safeParse(raw);
  if (error) throw invalid(problemsOf(error, path));
  const unknown = (Object.keys(NOUNS) as (keyof TaxRateTargets)[]).flatMap((kind) =>
    (data.appliesTo?.[kind] ?? []).flatMap((key, index): FieldError[] =>
      known[kind].has(key)
        ? []
        : [
            {
              field: `${path}appliesTo.${kind}.${index}`,
              message: `must be the key of ${NOUNS[kind]} of this product`,
            },
          ],
    ),
  );
  if (unknown.length > 0) throw invalid(unknown);
  return data;
}

export const taxRateContent = ({
  name,
  percentage,
  inclusive,
  country,
  region,
  validFrom,
  validUntil,
  appliesTo,
}: TaxRateContent): TaxRateContent => ({
  name,
  percentage,
  inclusive,
  country,
  region,
  validFrom,
  validUntil,
  appliesTo,
});
