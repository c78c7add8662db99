import { describe, expect, it } from '@jest/globals';
import { InvoicePdf } from '@app/documents';
import { fontsOfPdf, textOfPdf } from '../support/pdf-text.js';
import {
  BUYER,
  longDocument,
  printedDocument,
  printedLine,
  SELLER,
  TIERED_LINE,
  VAT_19,
} from '../support/printed-documents.js';

describe('PDF documents', () => {
  const pdf = new InvoicePdf();
  const pagesOf = async (document: Parameters<InvoicePdf['render']>[0]): Promise<string[]> =>
    textOfPdf(await pdf.render(document));

  it('an invoice shows seller, buyer, number, dates, lines, taxes and what is due', async () => {
    const [text] = await pagesOf(printedDocument());
    expect(text!.split('\n')).toEqual([
      'Invoice',
      'Fjordlys Software GmbH',
      'Straße des Friedens 5',
      '10115 Berlin',
      'Germany',
      'Tax ID: DE136695976',
      'billing@fjordlys.example',
      'Bill to',
      'Żółć i Łódź Sp. z o.o.',
      'ul. Świętokrzyska 12',
      'III piętro',
      '00-116 Warszawa',
      'Poland',
      'Tax ID: PL5260250274',
      'faktury@zolc.example',
      ...['Number', 'INV-2026-000123', 'Date of issue', '1 June 2026', 'Due date', '15 June 2026'],
      ...['Period', '1 June 2026 – 30 June 2026'],
      ...['Description', 'Quantity', 'Unit price', 'Tax', 'Amount (EUR)'],
      ...['1', '100.00', '19%', '100.00', 'Pro', '1 June 2026 – 30 June 2026'],
      ...['€100.00', 'Subtotal', '€19.00', 'VAT 19% on €100.00', '€119.00', 'Total', '€119.00', 'Amount due'],
      'Please pay the amount due by 15 June 2026 and state the number INV-2026-000123.',
      'IBAN DE02 1203 0000 0000 2020 51',
      'BIC BYLADEM1001',
      'Fjordlys Software GmbH · DE136695976 · INV-2026-000123',
      'Page 1 of 1',
    ]);
  });

  it('an invoice shows tiers, discounts, inclusive and exclusive taxes, and what is paid', async () => {
    const reduced = { rate: 'de-reduced', name: 'VAT', percentage: '7', inclusive: true };
    const [text] = await pagesOf(
      printedDocument({
        lines: [
          { ...TIERED_LINE, discount: 10_000 },
          printedLine({ amount: 1_070, unitAmount: '10.70', taxes: [reduced] }),
        ],
        discounts: [
          { coupon: 'w', name: 'Welcome', redemptionId: 'r', percentOff: '12.5', amountOff: null, amount: 10_000 },
        ],
        taxes: [
          { ...VAT_19, taxable: 97_000, amount: 18_430 },
          { ...reduced, taxable: 1_000, amount: 70 },
        ],
        paid: 50_000,
        due: 66_500,
        isCharged: true,
      }),
    );
    for (const line of [
      '11 – 100: 90 × 8.00',
      'Discount: -100.00',
      '7% incl.',
      'Welcome (12.5%)',
      '-€100.00',
      'VAT 19% on €970.00',
      'Includes VAT 7% on €10.00',
      'Paid',
      '€500.00',
      '€665.00',
      'The amount due is charged to your payment method.',
    ])
      expect(text!.split('\n')).toContain(line);
  });

  it('a German invoice has German words, numbers and dates', async () => {
    const [text] = await pagesOf(printedDocument({ language: 'de', lines: [TIERED_LINE] }));
    for (const line of [
      'Rechnung',
      'Rechnungsempfänger',
      'Deutschland',
      'Polen',
      '1. Juni 2026 – 30. Juni 2026',
      '1.070,00',
      'VAT 19 % auf 1.070,00 €',
      '1.273,30 €',
      'Offener Betrag',
      'Seite 1 von 1',
    ])
      expect(text!.split('\n')).toContain(line);
  });

  it.each([
    ['JPY', 12_345, ['12,345', 'JP¥12,345']],
    ['BHD', 3_704, ['3.704', 'BHD 3.704']],
    ['HUF', 12_345, ['123.45', 'HUF 123.45']],
  ])('amounts in %s have its decimal places', async (currency, amount, expected) => {
    const line = printedLine({ amount, unitAmount: null, taxes: [] });
    const [text] = await pagesOf(printedDocument({ currency, lines: [line], taxes: [] }));
    for (const shown of expected) expect(text!.split('\n')).toContain(shown);
  });

  it.each([
    ['Greek', 'Αθηναϊκή Ζυθοποιία Α.Ε. ΆΈΉΊΌΎΏ'],
    ['Cyrillic', 'ООО «Объединённый щит» Ѓорѓи Ђорђевић Їжак'],
    ['Polish and Czech', 'Zażółć gęślą jaźń, Příliš žluťoučký kůň'],
    ['Icelandic, Maltese, Latvian, Turkish', 'Þórður Ærøskøbing Ħamrun Ģirts İğdır ŒUVRE ẞ'],
  ])('%s letters are printed', async (_, name) => {
    const bytes = await pdf.render(printedDocument({ buyer: { ...BUYER, name } }));
    expect(textOfPdf(bytes)[0]!.split('\n')).toContain(name);
    expect(fontsOfPdf(bytes)).toEqual(['DejaVuSansCondensed-Bold', 'DejaVuSansCondensed']);
  });

  it('reverse charge has a note and both tax ids', async () => {
    const [text] = await pagesOf(
      printedDocument({
        lines: [printedLine({ taxes: [] })],
        taxes: [],
        buyer: { ...BUYER, taxExempt: 'reverse_charge' },
      }),
    );
    expect(text).toContain('Reverse charge: the recipient of the services is liable for the tax.');
    expect(text).toContain('Tax ID: DE136695976');
    expect(text).toContain('Tax ID: PL5260250274');
    expect(text).toContain('Amount due');
    expect(text).not.toContain('VAT');
  });

  it('a credit note names its invoice, its reason and where the money goes', async () => {
    const [text] = await pagesOf(
      printedDocument({
        kind: 'credit_note',
        number: 'CN-2026-000007',
        invoice: { number: 'INV-2026-000123', issuedAt: new Date('2026-06-01T08:00:00Z') },
        period: null,
        dueAt: null,
        settlement: { due: 5_000, refund: 4_000, balance: 2_900 },
        reason: 'The service was down.',
        due: 0,
      }),
    );
    for (const shown of [
      'Credit note',
      'INV-2026-000123, 1 June',
      'Total credit',
      'Refunded to your payment method',
      '€40.00',
      'Added to your credit balance',
      '€29.00',
      'Reason: The service was down.',
    ])
      expect(text).toContain(shown);
    expect(text).not.toContain('Amount due');
  });

  it('a negative invoice says that it was added to the credit balance', async () => {
    const line = printedLine({ amount: -10_000, unitAmount: null, taxes: [] });
    const [text] = await pagesOf(printedDocument({ lines: [line], taxes: [], paid: -10_000, due: 0 }));
    expect(text).toMatch(/€100\.00\nAdded to your credit balance\n€0\.00\nAmount due/);
  });

  it('300 lines go over many pages, with repeated heads and carried totals', async () => {
    const pages = await pagesOf(longDocument(300));
    expect(pages.length).toBeGreaterThan(10);
    const printed = pages.flatMap((page) => [...page.matchAll(/Seat of member (\d+) /g)].map(([, n]) => Number(n)));
    expect(printed).toEqual(Array.from({ length: 300 }, (_, index) => index + 1));
    let carried = '';
    pages.forEach((page, index) => {
      const lines = page.split('\n');
      expect(lines).toContain(`Page ${index + 1} of ${pages.length}`);
      const members = [...page.matchAll(/Seat of member (\d+) /g)].map(([, n]) => Number(n));
      if (members.length === 0) return;
      expect(lines).toContain('Amount (EUR)');
      if (index > 0) expect(lines[lines.indexOf('Brought forward') + 1]).toBe(carried);
      const sum = (members.at(-1)! * (members.at(-1)! + 1) * 999) / 2;
      carried = (sum / 100).toLocaleString('en-GB', { minimumFractionDigits: 2 });
      if (members.at(-1)! < 300) expect(lines[lines.indexOf('Carried forward') + 1]).toBe(carried);
    });
  });

  it('a line with 300 tiers and a word without spaces goes over pages', async () => {
    const tiers = Array.from({ length: 300 }, (_, index) => ({
      ...{ from: index + 1, to: index + 1, quantity: 1, unitAmount: '1.00', amount: '100' },
    }));
    const description = 'q'.repeat(200);
    const pages = await pagesOf(printedDocument({ lines: [printedLine({ tiers, description, unitAmount: null })] }));
    expect(pages.join('\n').match(/\d+ – \d+: 1 × 1\.00/g)).toHaveLength(300);
    expect(pages.join('').match(/q/g)).toHaveLength(200);
  });

  it('the same document gives the same bytes after other documents', async () => {
    const document = printedDocument();
    const first = await pdf.render(document);
    // U+2126 and U+03A9 have one glyph: each file names the character of its text.
    await pdf.render(printedDocument({ seller: { ...SELLER, name: 'Ohm \u2126\u2010\u00b5' } }));
    const greek = printedDocument({ seller: { ...SELLER, name: 'Ω-μ' } });
    expect(textOfPdf(await pdf.render(greek))[0]).toContain('Ω-μ');
    expect((await pdf.render(document)).equals(first)).toBe(true);
    expect(first.toString('latin1')).toContain('(D:20260601080000Z)');
  });

  it('documents that are rendered at the same time do not mix', async () => {
    const alone = await pdf.render(printedDocument());
    const together = await Promise.all([1, 2, 3].map(() => pdf.render(printedDocument())));
    for (const bytes of together) expect(bytes.equals(alone)).toBe(true);
  });
});
