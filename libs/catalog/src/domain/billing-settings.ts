import { z } from 'zod';
import { exactly, invalid, oneOf, problemsOf, whole } from './schema.js';

/** The collector of the payments of a product. */
export const BILLING_PROVIDERS = ['sandbox', 'manual', 'stripe'] as const;
export type BillingProvider = (typeof BILLING_PROVIDERS)[number];

/** When the difference of a change within a period is invoiced. */
export const PRORATION_BILLINGS = ['immediately', 'next_invoice'] as const;
export type ProrationBilling = (typeof PRORATION_BILLINGS)[number];

/** The end of a subscription after the last failed attempt to collect its invoice. */
export const DUNNING_ENDS = ['cancel', 'pause', 'keep'] as const;
export type DunningEnd = (typeof DUNNING_ENDS)[number];

/** Where the rest of a paid period goes when the subscription ends early. */
export const CANCELLATION_CREDITS = ['balance', 'refund'] as const;
export type CancellationCredit = (typeof CANCELLATION_CREDITS)[number];

export interface SellerAddress {
  line1: string;
  line2: string | null;
  postalCode: string;
  city: string;
  region: string | null;
  /** ISO 3166-1 alpha-2. */
  country: string;
}

/** The seller of the product, as on its invoices. */
export interface Seller {
  name: string;
  address: SellerAddress | null;
  taxId: string | null;
  email: string | null;
  /** Bank account or other text on how to pay. */
  paymentDetails: string | null;
}

/** Languages of invoices and their mails. */
export const INVOICE_LANGUAGES = ['en', 'de'] as const;
export type InvoiceLanguage = (typeof INVOICE_LANGUAGES)[number];

/** How a product is billed. A product without settings is not billed. */
export interface BillingSettings {
  provider: BillingProvider;
  prorationBilling: ProrationBilling;
  /** Time that a draft waits for late usage. */
  usageGraceHours: number;
  /** Days until an invoice is due that is not collected automatically. */
  netDays: number;
  /** With `{number}`, and if wanted `{year}`. */
  invoiceNumberFormat: string;
  creditNoteNumberFormat: string;
  dunning: {
    /** Days after the first failure on which the charge is repeated; ascending. */
    retryDays: number[];
    finally: DunningEnd;
  };
  /** Days that entitlements stay after a failed payment. 0: none. */
  pastDueGraceDays: number;
  /** True: a period for which nothing is due has an invoice too. */
  zeroInvoices: boolean;
  /** Of invoices to customers whose billing profile and user name none. */
  language: InvoiceLanguage;
  cancellationCredit: CancellationCredit;
  seller: Seller;
}

/** Billing settings in the form of requests: what is left out has its default. */
export type RawBillingSettings = Partial<Omit<BillingSettings, 'dunning' | 'seller'>> & {
  dunning?: Partial<BillingSettings['dunning']>;
  seller?: Partial<Omit<Seller, 'address'>> & {
    address?: (Pick<SellerAddress, 'line1' | 'postalCode' | 'city' | 'country'> & Partial<SellerAddress>) | null;
  };
};

const MAX_USAGE_GRACE_HOURS = 72;
const MAX_NET_DAYS = 365;
const MAX_GRACE_DAYS = 90;
const MAX_RETRIES = 10;
const MAX_RETRY_DAYS = 60;
const MAX_FORMAT_LENGTH = 40;

const text = (max: number) =>
  z
    .string('must be a text')
    .refine((value) => value.trim() !== '' && value.length <= max, `must have 1 to ${max} characters`);
const optionalText = (max: number) => text(max).nullable().default(null);

/** Letters, digits, some signs, and placeholders: the number must fit into file names and bank transfers. */
const NUMBER_FORMAT = /^(?:[A-Za-z0-9 ._/-]|\{year\}|\{number\})+$/;
const isNumberFormat = (format: string): boolean =>
  format.length <= MAX_FORMAT_LENGTH && NUMBER_FORMAT.test(format) && format.split('{number}').length === 2;
const numberFormat = (initial: string) =>
  z
    .string('must be a text')
    .refine(
      isNumberFormat,
      `must have {number} once, may have {year}, and else letters, digits, spaces and . _ / - up to ${MAX_FORMAT_LENGTH}`,
    )
    .default(initial);

const ADDRESS = exactly({
  line1: text(200),
  line2: optionalText(200),
  postalCode: text(20),
  city: text(100),
  region: optionalText(100),
  country: z.string().regex(/^[A-Z]{2}$/, 'must be two capital letters'),
});

const SELLER = exactly({
  name: text(200),
  address: ADDRESS.nullable().default(null),
  taxId: optionalText(50),
  email: z.email('must be an e-mail address').max(254, 'must have up to 254 characters').nullable().default(null),
  paymentDetails: optionalText(1_000),
});

const retryDays = z
  .array(whole(`must be 1 to ${MAX_RETRY_DAYS}`, 1, MAX_RETRY_DAYS), 'must be a list of days')
  .max(MAX_RETRIES, `must have at most ${MAX_RETRIES} days`)
  .refine((days) => days.every((day, index) => index === 0 || day > days[index - 1]!), 'must ascend');

const settingsOf = (productName: string) =>
  exactly({
    provider: oneOf(BILLING_PROVIDERS).default('sandbox'),
    prorationBilling: oneOf(PRORATION_BILLINGS).default('immediately'),
    usageGraceHours: whole(`must be 0 to ${MAX_USAGE_GRACE_HOURS}`, 0, MAX_USAGE_GRACE_HOURS).default(1),
    netDays: whole(`must be 0 to ${MAX_NET_DAYS}`, 0, MAX_NET_DAYS).default(14),
    invoiceNumberFormat: numberFormat('INV-{year}-{number}'),
    creditNoteNumberFormat: numberFormat('CN-{year}-{number}'),
    dunning: exactly({
      retryDays: retryDays.default([1, 3, 5, 7]),
      finally: oneOf(DUNNING_ENDS).default('cancel'),
    }).default({ retryDays: [1, 3, 5, 7], finally: 'cancel' }),
    pastDueGraceDays: whole(`must be 0 to ${MAX_GRACE_DAYS}`, 0, MAX_GRACE_DAYS).default(7),
    zeroInvoices: z.boolean('must be true or false').default(false),
    language: oneOf(INVOICE_LANGUAGES).default('en'),
    cancellationCredit: oneOf(CANCELLATION_CREDITS).default('balance'),
    seller: z.preprocess((value) => withName(value, productName), SELLER),
  }).refine(({ invoiceNumberFormat, creditNoteNumberFormat }) => invoiceNumberFormat !== creditNoteNumberFormat, {
    path: ['creditNoteNumberFormat'],
    message: 'must differ from invoiceNumberFormat',
  });

/** The seller with the name of the product when it has none. */
function withName(seller: unknown, productName: string): unknown {
  if (seller === undefined) return { name: productName };
  return typeof seller === 'object' && seller !== null ? { name: productName, ...seller } : seller;
}

/**
 * Checks billing settings and returns them with their defaults.
 * @param productName the name of the seller when the settings have none
 * @param path prefix of the fields in errors, such as `billing.`
 * @throws DomainError `invalid_fields` with every field that is wrong
 * @example checkBillingSettings({ provider: 'sandbox' }, { productName: 'API' })
 */
export function checkBillingSettings(
  raw: RawBillingSettings,
  { productName, path = '' }: { productName: string; path?: string },
): BillingSettings {
  const { data, error } = settingsOf(productName).safeParse(raw);
  if (error) throw invalid(problemsOf(error, path));
  return data;
}

/**
 * A number of an invoice or a credit note as it is printed.
 * @example formatNumber('INV-{year}-{number}', { serial: 123, year: 2026 }); // 'INV-2026-000123'
 */
export const formatNumber = (format: string, { serial, year }: { serial: number; year: number }): string =>
  format.replaceAll('{year}', String(year)).replace('{number}', String(serial).padStart(6, '0'));
