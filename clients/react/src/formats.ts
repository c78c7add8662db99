const LOCALES = { en: 'en-GB', de: 'de-DE' };

export type Formats = ReturnType<typeof createFormats>;

/** Formats of numbers, money and dates. */
export function createFormats(language: 'en' | 'de') {
  const locale = LOCALES[language];
  return {
    number: (value: number): string => new Intl.NumberFormat(locale).format(value),
    date: (instant: string): string =>
      new Intl.DateTimeFormat(locale, { dateStyle: 'medium' }).format(new Date(instant)),
    /** @param minor integer amount in the smallest unit of the currency */
    money: (minor: number, currency: string): string => {
      const format = new Intl.NumberFormat(locale, { style: 'currency', currency });
      return format.format(minor / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
    },
  };
}
