/** Texts of the components; pass `texts` to the provider to replace some. */
export interface TollgateTexts {
  loading: string;
  failed: string;
  unlimited: string;
  usage: (used: string, limit: string) => string;
  resets: (when: string) => string;
  free: string;
  per: (price: string, interval: string) => string;
  intervals: Record<'hour' | 'day' | 'week' | 'month' | 'year', (count: number) => string>;
  current: string;
  choose: string;
  trial: (days: number) => string;
  billing: string;
  dueNow: (amount: string) => string;
  creditNow: (amount: string) => string;
  nothingNow: string;
  nextCharge: (amount: string, when: string) => string;
  gained: string;
  lost: string;
  overLimit: (feature: string, used: string, limit: string) => string;
  effective: (when: string) => string;
  confirm: string;
  changed: string;
  cancel: string;
}

const english: TollgateTexts = {
  loading: 'Loading',
  failed: 'This could not be loaded.',
  unlimited: 'unlimited',
  usage: (used, limit) => `${used} of ${limit}`,
  resets: (when) => `Resets ${when}`,
  free: 'Free',
  per: (price, interval) => `${price} per ${interval}`,
  intervals: {
    hour: (count) => (count === 1 ? 'hour' : `${count} hours`),
    day: (count) => (count === 1 ? 'day' : `${count} days`),
    week: (count) => (count === 1 ? 'week' : `${count} weeks`),
    month: (count) => (count === 1 ? 'month' : `${count} months`),
    year: (count) => (count === 1 ? 'year' : `${count} years`),
  },
  current: 'Current plan',
  choose: 'Choose',
  trial: (days) => `${days} days free`,
  billing: 'Billing period',
  dueNow: (amount) => `${amount} due now`,
  creditNow: (amount) => `${amount} credited now`,
  nothingNow: 'Nothing due now',
  nextCharge: (amount, when) => `Next charge ${amount} on ${when}`,
  gained: 'You gain',
  lost: 'You lose',
  overLimit: (feature, used, limit) => `${feature}: ${used} used of ${limit} in the new plan`,
  effective: (when) => `Takes effect ${when}`,
  confirm: 'Change the plan',
  changed: 'The plan was changed.',
  cancel: 'Cancel',
};

const german: TollgateTexts = {
  loading: 'Wird geladen',
  failed: 'Das konnte nicht geladen werden.',
  unlimited: 'unbegrenzt',
  usage: (used, limit) => `${used} von ${limit}`,
  resets: (when) => `Beginnt neu ${when}`,
  free: 'Kostenlos',
  per: (price, interval) => `${price} pro ${interval}`,
  intervals: {
    hour: (count) => (count === 1 ? 'Stunde' : `${count} Stunden`),
    day: (count) => (count === 1 ? 'Tag' : `${count} Tage`),
    week: (count) => (count === 1 ? 'Woche' : `${count} Wochen`),
    month: (count) => (count === 1 ? 'Monat' : `${count} Monate`),
    year: (count) => (count === 1 ? 'Jahr' : `${count} Jahre`),
  },
  current: 'Aktueller Tarif',
  choose: 'Auswählen',
  trial: (days) => `${days} Tage kostenlos`,
  billing: 'Abrechnungszeitraum',
  dueNow: (amount) => `${amount} jetzt fällig`,
  creditNow: (amount) => `${amount} werden jetzt gutgeschrieben`,
  nothingNow: 'Jetzt ist nichts fällig',
  nextCharge: (amount, when) => `Nächste Abbuchung ${amount} am ${when}`,
  gained: 'Neu dabei',
  lost: 'Entfällt',
  overLimit: (feature, used, limit) => `${feature}: ${used} benutzt von ${limit} im neuen Tarif`,
  effective: (when) => `Gilt ab ${when}`,
  confirm: 'Tarif wechseln',
  changed: 'Der Tarif wurde gewechselt.',
  cancel: 'Abbrechen',
};

export const TEXTS: Record<'en' | 'de', TollgateTexts> = { en: english, de: german };
