import { describe, expect, it } from '@jest/globals';
import type { PrintedDocument } from '@app/billing';
import { EInvoice } from '@app/documents';
import { BUYER, printedDocument, printedLine, SELLER, TIERED_LINE, VAT_19 } from '../support/printed-documents.js';

const INCLUSIVE = { rate: 'ch-vat', name: 'VAT', percentage: '7.7', inclusive: true };
const NO_TAX = { lines: [printedLine({ taxes: [] })], taxes: [] };
const CREDIT_NOTE: Partial<PrintedDocument> = {
  kind: 'credit_note',
  number: 'CN-2026-000007',
  invoice: { number: 'INV-2026-000123', issuedAt: new Date('2026-06-01T08:00:00Z') },
  period: null,
  dueAt: null,
  settlement: { due: 11_900, refund: 0, balance: 0 },
  reason: 'The service was down.',
  due: 0,
};
/** Lines with tiers, a discount, a fine unit price and a credit. */
const RICH = {
  lines: [
    printedLine(),
    { ...TIERED_LINE, discount: 10_000 },
    printedLine({ description: 'Storage', unitAmount: '0.00025', quantity: 1_000_000, amount: 25_000 }),
    printedLine({ description: 'Unused time', amount: -5_000, unitAmount: null, kind: 'proration' as const }),
  ],
  discounts: [{ coupon: 'w', name: 'Welcome', redemptionId: 'r', percentOff: null, amountOff: 10_000, amount: 10_000 }],
  taxes: [{ ...VAT_19, taxable: 127_000, amount: 24_130 }],
  paid: 1_000,
  due: 150_130,
  isCharged: true,
};

/**
 * The library checks each document by its JSON schema with the code lists of EN 16931, and rejects an invalid one. The
 * rules of the standard for sums are checked here.
 */
describe('e-invoices', () => {
  const eInvoice = new EInvoice();
  const write = async (fields: Partial<PrintedDocument>): Promise<string> =>
    (await eInvoice.write(printedDocument(fields)))!.toString();
  const amounts = (xml: string, name: string): number[] =>
    [...xml.matchAll(new RegExp(`<cbc:${name} [^>]*>(-?[0-9.]+)<`, 'g'))].map(([, amount]) =>
      Math.round(Number(amount) * 100),
    );
  const sum = (numbers: number[]): number => numbers.reduce((one, other) => one + other, 0);

  it.each<[string, Partial<PrintedDocument>]>([
    ['an invoice', {}],
    ['an invoice with tiers, discounts and credits', RICH],
    [
      'inclusive taxes',
      {
        lines: [
          printedLine({ amount: 1_001, unitAmount: '10.01', taxes: [INCLUSIVE] }),
          printedLine({ amount: 333, quantity: 3, unitAmount: '1.11', taxes: [INCLUSIVE] }),
          printedLine({ amount: 200, unitAmount: '2.00', taxes: [] }),
        ],
        taxes: [{ ...INCLUSIVE, taxable: 1_239, amount: 95 }],
      },
    ],
    ['reverse charge', { ...NO_TAX, buyer: { ...BUYER, taxExempt: 'reverse_charge' } }],
    ['an exempt buyer', { ...NO_TAX, buyer: { ...BUYER, taxExempt: 'exempt', taxId: '12-3456789' } }],
    [
      'a negative invoice',
      {
        lines: [printedLine({ amount: -10_000, unitAmount: null })],
        taxes: [{ ...VAT_19, taxable: -10_000, amount: -1_900 }],
        paid: -11_900,
        due: 0,
      },
    ],
    ['a credit note', CREDIT_NOTE],
    ['German', { language: 'de' }],
  ])('%s is valid, and its amounts add up', async (_, fields) => {
    const xml = await write(fields);
    const [line, ...lines] = [
      ...xml.matchAll(/<cac:(?:Invoice|CreditNote)Line>.*?<\/cac:(?:Invoice|CreditNote)Line>/gs),
    ].map(([one]) => one);
    const net = sum([line!, ...lines].flatMap((one) => amounts(one, 'LineExtensionAmount')));
    const [tax, ...parts] = amounts(xml, 'TaxAmount');
    // BR-CO-10, 13, 14, 15 and 16.
    expect(amounts(xml, 'LineExtensionAmount')).toContain(net);
    expect(amounts(xml, 'TaxExclusiveAmount')).toEqual([net]);
    expect(sum(parts)).toBe(tax);
    expect(sum(amounts(xml, 'TaxableAmount'))).toBe(net);
    expect(amounts(xml, 'TaxInclusiveAmount')).toEqual([net + tax!]);
    expect(amounts(xml, 'PayableAmount')).toEqual([net + tax! - sum(amounts(xml, 'PrepaidAmount'))]);
    expect(amounts(xml, 'PriceAmount').every((price) => price >= 0)).toBe(true);
    expect(await write(fields)).toBe(xml);
  });

  it('an invoice names the standard, both parties and its dates in the zone of the buyer', async () => {
    const xml = await write({});
    expect(xml).toContain('<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"');
    for (const part of [
      '<cbc:CustomizationID>urn:cen.eu:en16931:2017</cbc:CustomizationID>',
      '<cbc:ID>INV-2026-000123</cbc:ID>',
      '<cbc:IssueDate>2026-06-01</cbc:IssueDate>',
      '<cbc:DueDate>2026-06-15</cbc:DueDate>',
      '<cbc:RegistrationName>Żółć i Łódź Sp. z o.o.</cbc:RegistrationName>',
      '<cbc:CompanyID>PL5260250274</cbc:CompanyID>',
      '<cbc:StartDate>2026-06-01</cbc:StartDate>',
      '<cbc:EndDate>2026-06-30</cbc:EndDate>',
    ])
      expect(xml).toContain(part);
  });

  it('reverse charge has its category, its reason and both tax ids', async () => {
    const xml = await write({ ...NO_TAX, buyer: { ...BUYER, taxExempt: 'reverse_charge' } });
    expect(xml.match(/<cbc:ID>AE<\/cbc:ID>/g)).toHaveLength(2);
    expect(xml).toContain('<cbc:TaxExemptionReason>Reverse charge');
    expect(xml).toContain('DE136695976');
    expect(xml).toContain('PL5260250274');
  });

  it('a credit note is a credit note of UBL and names its invoice', async () => {
    const xml = await write(CREDIT_NOTE);
    expect(xml).toContain('<CreditNote xmlns="urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2"');
    expect(xml).toMatch(/<cac:InvoiceDocumentReference>\s*<cbc:ID>INV-2026-000123</);
    expect(xml).toContain('<cbc:CreditNoteTypeCode>381</cbc:CreditNoteTypeCode>');
  });

  it.each<[string, Partial<PrintedDocument>]>([
    ['the address of the seller', { seller: { ...SELLER, address: null } }],
    ['the VAT number of the seller', { seller: { ...SELLER, taxId: '143/262/10029' } }],
    ['the address of the buyer', { buyer: { ...BUYER, address: null } }],
    ['the e-mail of the buyer', { buyer: { ...BUYER, email: null } }],
    [
      'the tax id of a buyer with reverse charge',
      { ...NO_TAX, buyer: { ...BUYER, taxExempt: 'reverse_charge', taxId: null } },
    ],
    ['two decimal places', { currency: 'BHD' }],
  ])('there is none without %s', async (_, fields) => {
    expect(await eInvoice.write(printedDocument(fields))).toBeNull();
  });

  it('characters that XML cannot contain are spaces', async () => {
    const xml = await write({ lines: [printedLine({ description: 'A\u0001B\uFFFE & C' })] });
    expect(xml).toContain('<cbc:Name>A B  &amp; C</cbc:Name>');
  });

  it('amounts that do not add up are refused', async () => {
    await expect(eInvoice.write(printedDocument({ total: 11_901 }))).rejects.toThrow('do not add up');
  });
});
