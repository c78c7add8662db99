import type { InvoiceLine, InvoiceTax, Party, PrintedDocument } from '@app/billing';

const JUNE = { start: new Date('2026-05-31T22:00:00Z'), end: new Date('2026-06-30T22:00:00Z') };

export const VAT_19 = { rate: 'de-vat', name: 'VAT', percentage: '19', inclusive: false };

export const SELLER: Party = {
  name: 'Fjordlys Software GmbH',
  address: {
    line1: 'Straße des Friedens 5',
    line2: null,
    postalCode: '10115',
    city: 'Berlin',
    region: null,
    country: 'DE',
  },
  taxId: 'DE136695976',
  email: 'billing@fjordlys.example',
  paymentDetails: 'IBAN DE02 1203 0000 0000 2020 51\nBIC BYLADEM1001',
};

export const BUYER: Party = {
  name: 'Żółć i Łódź Sp. z o.o.',
  address: {
    line1: 'ul. Świętokrzyska 12',
    line2: 'III piętro',
    postalCode: '00-116',
    city: 'Warszawa',
    region: null,
    country: 'PL',
  },
  taxId: 'PL5260250274',
  email: 'faktury@zolc.example',
  taxExempt: 'none',
};

/** A line of one month; its amount is quantity x unit amount unless it is given. */
export function printedLine(fields: Partial<InvoiceLine> = {}): InvoiceLine {
  return {
    kind: 'subscription',
    description: 'Pro',
    quantity: 1,
    unitAmount: '100.00',
    amount: 10_000,
    service: JUNE,
    plan: { key: 'pro', name: 'Pro', version: 3 },
    addOn: null,
    feature: null,
    tiers: [],
    discount: 0,
    taxes: [VAT_19],
    ...fields,
  };
}

/** An invoice of a seller in Germany to a buyer in Poland: one line of 100.00 EUR and 19 % tax. */
export function printedDocument(fields: Partial<PrintedDocument> = {}): PrintedDocument {
  const lines = fields.lines ?? [printedLine()];
  const subtotal = lines.reduce((sum, { amount }) => sum + amount, 0);
  const taxes: InvoiceTax[] = fields.taxes ?? [{ ...VAT_19, taxable: subtotal, amount: Math.round(subtotal * 0.19) }];
  const discountTotal = (fields.discounts ?? []).reduce((sum, { amount }) => sum + amount, 0);
  const exclusiveTaxTotal = taxes.reduce((sum, tax) => sum + (tax.inclusive ? 0 : tax.amount), 0);
  const total = subtotal - discountTotal + exclusiveTaxTotal;
  return {
    kind: 'invoice',
    id: '01998a4e-8000-7000-8000-000000000001',
    number: 'INV-2026-000123',
    invoice: null,
    issuedAt: new Date('2026-06-01T08:00:00Z'),
    dueAt: new Date('2026-06-15T08:00:00Z'),
    period: JUNE,
    currency: 'EUR',
    lines,
    discounts: [],
    taxes,
    subtotal,
    discountTotal,
    taxTotal: taxes.reduce((sum, { amount }) => sum + amount, 0),
    exclusiveTaxTotal,
    total,
    paid: 0,
    due: total,
    settlement: null,
    reason: null,
    seller: SELLER,
    buyer: BUYER,
    isCharged: false,
    language: 'en',
    timezone: 'Europe/Berlin',
    ...fields,
  };
}

/** Usage that is rated by graduated tiers: 10 at 10.00, 90 at 8.00 and 50 at 5.00. */
export const TIERED_LINE = printedLine({
  kind: 'usage',
  description: 'API calls beyond the limit',
  quantity: 150,
  unitAmount: null,
  amount: 107_000,
  feature: 'api_calls',
  tiers: [
    { from: 1, to: 10, quantity: 10, unitAmount: '10.00', amount: '10000' },
    { from: 11, to: 100, quantity: 90, unitAmount: '8.00', amount: '72000' },
    { from: 101, to: 150, quantity: 50, unitAmount: '5.00', amount: '25000' },
  ],
});

/** An invoice with this number of lines of different amounts. */
export const longDocument = (lines: number): PrintedDocument =>
  printedDocument({
    lines: Array.from({ length: lines }, (_, index) =>
      printedLine({
        description: `Seat of member ${index + 1} – Größe, Łódź, Αθήνα, Москва`,
        quantity: index + 1,
        unitAmount: '9.99',
        amount: (index + 1) * 999,
      }),
    ),
  });
