import type { PrintedDocument } from '@app/billing';

type Language = PrintedDocument['language'];

/** The words of invoices and credit notes in one language. */
export interface Wording {
  invoice: string;
  creditNote: string;
  billTo: string;
  number: string;
  issued: string;
  due: string;
  period: string;
  ofInvoice: string;
  taxId: string;
  description: string;
  quantity: string;
  unitPrice: string;
  tax: string;
  amount: (currency: string) => string;
  inclusive: string;
  discount: string;
  carriedForward: string;
  broughtForward: string;
  subtotal: string;
  exclusiveTax: (tax: TaxWords) => string;
  inclusiveTax: (tax: TaxWords) => string;
  total: string;
  creditTotal: string;
  paid: string;
  amountDue: string;
  toBalance: string;
  lowersInvoice: string;
  refunded: string;
  reason: (reason: string) => string;
  reverseCharge: string;
  exempt: string;
  /** Of lines without a tax. */
  untaxed: string;
  charged: string;
  payBy: (date: string, number: string) => string;
  nothingDue: string;
  page: (page: number, pages: number) => string;
}

interface TaxWords {
  name: string;
  percentage: string;
  taxable: string;
}

const EN: Wording = {
  invoice: 'Invoice',
  creditNote: 'Credit note',
  billTo: 'Bill to',
  number: 'Number',
  issued: 'Date of issue',
  due: 'Due date',
  period: 'Period',
  ofInvoice: 'For invoice',
  taxId: 'Tax ID',
  description: 'Description',
  quantity: 'Quantity',
  unitPrice: 'Unit price',
  tax: 'Tax',
  amount: (currency) => `Amount (${currency})`,
  inclusive: 'incl.',
  discount: 'Discount',
  carriedForward: 'Carried forward',
  broughtForward: 'Brought forward',
  subtotal: 'Subtotal',
  exclusiveTax: ({ name, percentage, taxable }) => `${name} ${percentage} on ${taxable}`,
  inclusiveTax: ({ name, percentage, taxable }) => `Includes ${name} ${percentage} on ${taxable}`,
  total: 'Total',
  creditTotal: 'Total credit',
  paid: 'Paid',
  amountDue: 'Amount due',
  toBalance: 'Added to your credit balance',
  lowersInvoice: 'Deducted from the amount due of the invoice',
  refunded: 'Refunded to your payment method',
  reason: (reason) => `Reason: ${reason}`,
  reverseCharge: 'Reverse charge: the recipient of the services is liable for the tax.',
  exempt: 'The buyer is exempt from tax.',
  untaxed: 'Exempt from tax.',
  charged: 'The amount due is charged to your payment method.',
  payBy: (date, number) => `Please pay the amount due by ${date} and state the number ${number}.`,
  nothingDue: 'This invoice is paid.',
  page: (page, pages) => `Page ${page} of ${pages}`,
};

const DE: Wording = {
  invoice: 'Rechnung',
  creditNote: 'Gutschrift (Rechnungskorrektur)',
  billTo: 'Rechnungsempfänger',
  number: 'Nummer',
  issued: 'Rechnungsdatum',
  due: 'Fällig am',
  period: 'Zeitraum',
  ofInvoice: 'Zur Rechnung',
  taxId: 'Steuernummer / USt-IdNr.',
  description: 'Beschreibung',
  quantity: 'Menge',
  unitPrice: 'Einzelpreis',
  tax: 'Steuer',
  amount: (currency) => `Betrag (${currency})`,
  inclusive: 'inkl.',
  discount: 'Rabatt',
  carriedForward: 'Übertrag',
  broughtForward: 'Übertrag von vorheriger Seite',
  subtotal: 'Zwischensumme',
  exclusiveTax: ({ name, percentage, taxable }) => `${name} ${percentage} auf ${taxable}`,
  inclusiveTax: ({ name, percentage, taxable }) => `Enthält ${name} ${percentage} auf ${taxable}`,
  total: 'Gesamtbetrag',
  creditTotal: 'Gutschriftsbetrag',
  paid: 'Bezahlt',
  amountDue: 'Offener Betrag',
  toBalance: 'Deinem Guthaben gutgeschrieben',
  lowersInvoice: 'Vom offenen Betrag der Rechnung abgezogen',
  refunded: 'Auf dein Zahlungsmittel erstattet',
  reason: (reason) => `Grund: ${reason}`,
  reverseCharge: 'Steuerschuldnerschaft des Leistungsempfängers (Reverse Charge).',
  exempt: 'Der Empfänger ist von der Steuer befreit.',
  untaxed: 'Steuerfrei.',
  charged: 'Der offene Betrag wird von deinem Zahlungsmittel abgebucht.',
  payBy: (date, number) => `Bitte zahle den offenen Betrag bis zum ${date} und gib die Nummer ${number} an.`,
  nothingDue: 'Diese Rechnung ist bezahlt.',
  page: (page, pages) => `Seite ${page} von ${pages}`,
};

export const WORDINGS: Record<Language, Wording> = { en: EN, de: DE };
