import { defineTexts } from '@tollgate/web';

export const shellTexts = defineTexts(
  {
    pages: 'Pages',
    nav: {
      overview: 'Overview',
      plans: 'Plans',
      invoices: 'Invoices',
      payment: 'Payment',
      details: 'Billing details',
      messages: 'Messages',
    },
    skip: 'Skip to the content',
    back: (name: string) => `Back to ${name}`,
    end: 'End session',
    notFound: 'There is no page at this address',
    otherLanguage: 'Deutsch',
  },
  {
    pages: 'Seiten',
    nav: {
      overview: 'Übersicht',
      plans: 'Tarife',
      invoices: 'Rechnungen',
      payment: 'Zahlung',
      details: 'Rechnungsangaben',
      messages: 'Mitteilungen',
    },
    skip: 'Zum Inhalt springen',
    back: (name: string) => `Zurück zu ${name}`,
    end: 'Sitzung beenden',
    notFound: 'Unter dieser Adresse gibt es keine Seite',
    otherLanguage: 'English',
  },
);
