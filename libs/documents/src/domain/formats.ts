import { currencyExponent, decimalAmount, type Period } from '@app/kernel';
import type { PrintedDocument } from '@app/billing';

/** Unit prices of usage have up to 12 decimal places. */
const MAX_PLACES = 12;
/** English dates and numbers without the order of days and months that differs by country. */
const LOCALES: Record<PrintedDocument['language'], string> = { en: 'en-GB', de: 'de-DE' };

/** Writes amounts, numbers and dates in the language, the currency and the time zone of a document. */
export interface Formats {
  /** With the currency. */
  money: (amount: number) => string;
  /** Without the currency: for columns. */
  amount: (amount: number) => string;
  /** A decimal of any precision, in major units. */
  unitAmount: (decimal: string) => string;
  count: (quantity: number) => string;
  percentage: (decimal: string) => string;
  date: (instant: Date) => string;
  /** First and last day of a half-open span. */
  days: (period: Period) => string;
  country: (code: string) => string;
}

export function formatsOf({
  language,
  currency,
  timezone,
}: Pick<PrintedDocument, 'language' | 'currency' | 'timezone'>): Formats {
  const locale = LOCALES[language];
  const places = currencyExponent(currency);
  const fixed = { minimumFractionDigits: places, maximumFractionDigits: places };
  const moneyFormat = new Intl.NumberFormat(locale, { style: 'currency', currency, ...fixed });
  const amountFormat = new Intl.NumberFormat(locale, fixed);
  const unitFormat = new Intl.NumberFormat(locale, { ...fixed, maximumFractionDigits: MAX_PLACES });
  const countFormat = new Intl.NumberFormat(locale, { maximumFractionDigits: MAX_PLACES });
  const dateFormat = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeZone: timezone });
  const countries = new Intl.DisplayNames(locale, { type: 'region' });
  const exact = (format: Intl.NumberFormat, decimal: string): string =>
    plainSpaces(format.format(decimal as Intl.StringNumericLiteral));
  const date = (instant: Date): string => plainSpaces(dateFormat.format(instant));
  return {
    money: (amount) => exact(moneyFormat, decimalAmount({ amount, currency })),
    amount: (amount) => exact(amountFormat, decimalAmount({ amount, currency })),
    unitAmount: (decimal) => exact(unitFormat, decimal),
    count: (quantity) => plainSpaces(countFormat.format(quantity)),
    percentage: (decimal) => exact(countFormat, decimal) + (language === 'de' ? ' %' : '%'),
    date,
    days: ({ start, end }) => {
      const [first, last] = [date(start), date(new Date(Math.max(start.getTime(), end.getTime() - 1)))];
      return first === last ? first : `${first} – ${last}`;
    },
    country: (code) => countries.of(code) ?? code,
  };
}

/** The date of an instant in a zone as ISO 8601 has it: `2026-06-30`. */
export function isoDate(instant: Date, timezone: string): string {
  return new Intl.DateTimeFormat('en-CA', { timeZone: timezone, dateStyle: 'short' }).format(instant);
}

/** One code point for each space and no control characters: what a reader copies from the document is plain text. */
export const plainSpaces = (text: string): string =>
  text.replace(/[\u00a0\u2007\u202f]/g, ' ').replace(/[\p{Cc}\p{Cf}]+/gu, ' ');
