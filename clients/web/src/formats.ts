import { useContext, useMemo } from 'react';
import { type Language, LanguageContext } from './texts';

/** Digits after the decimal point of a currency: 2 for EUR, 0 for JPY. */
const digitsOf = (currency: string): number =>
  new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;

function createFormats(language: Language) {
  const locale = language === 'de' ? 'de-DE' : 'en-GB';
  const number = new Intl.NumberFormat(locale);
  const compact = new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: 1 });
  const percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 });
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  const dateTime = (instant: string, timeZone?: string): string =>
    new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', timeZone }).format(new Date(instant));
  return {
    number: (value: number | bigint): string => number.format(value),
    compact: (value: number): string => compact.format(value),
    /** @param share 1 is 100 % */
    percent: (share: number): string => percent.format(share),
    /** @param minor integer amount in the smallest unit of the currency, as the API returns it */
    money: (minor: number, currency: string): string =>
      new Intl.NumberFormat(locale, { style: 'currency', currency }).format(minor / 10 ** digitsOf(currency)),
    date: (instant: string, timeZone?: string): string =>
      new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone }).format(new Date(instant)),
    dateTime,
    month: (instant: string): string =>
      new Intl.DateTimeFormat(locale, { month: 'short', year: '2-digit', timeZone: 'UTC' }).format(new Date(instant)),
    /** "in 3 days", "2 hours ago" */
    relative: (instant: string, now = Date.now()): string => {
      const seconds = (new Date(instant).getTime() - now) / 1_000;
      const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? UNITS.at(-1)!;
      return relative.format(Math.round(seconds / size), unit);
    },
  };
}

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_557_600],
  ['month', 2_629_800],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
];

export type Formats = ReturnType<typeof createFormats>;

/** Formats of numbers, money and times in the language of the user. */
export function useFormats(): Formats {
  const { language } = useContext(LanguageContext);
  return useMemo(() => createFormats(language), [language]);
}
