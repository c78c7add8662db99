import type { Address, InvoiceLine, Party, PrintedDocument } from '@app/billing';
import { type Formats, formatsOf, plainSpaces } from './formats.js';
import { type Wording, WORDINGS } from './wording.js';

export interface SheetRow {
  description: string;
  /** Service period, tiers and discount. */
  details: string[];
  quantity: string;
  unitPrice: string;
  tax: string;
  amount: string;
  /** The sum of the amounts up to and with this row: carried to the next page. */
  carried: string;
}

export interface SheetTotal {
  label: string;
  value: string;
  strong: boolean;
}

/** Every text of a document, in the order in which it is printed. */
export interface Sheet {
  title: string;
  number: string;
  seller: string[];
  billTo: string;
  buyer: string[];
  /** Label and value: number, dates, period. */
  facts: [string, string][];
  columns: Pick<SheetRow, 'description' | 'quantity' | 'unitPrice' | 'tax' | 'amount'>;
  rows: SheetRow[];
  carriedForward: string;
  broughtForward: string;
  totals: SheetTotal[];
  notes: string[];
  footer: string;
  page: (page: number, pages: number) => string;
}

interface Writing {
  document: PrintedDocument;
  words: Wording;
  formats: Formats;
}

/** Puts a document into words. */
export function sheetOf(document: PrintedDocument): Sheet {
  const words = WORDINGS[document.language];
  const writing = { document, words, formats: formatsOf(document) };
  const { seller, buyer, currency, number } = document;
  return {
    title: document.kind === 'invoice' ? words.invoice : words.creditNote,
    number,
    seller: partyLines(seller, writing),
    billTo: words.billTo,
    buyer: partyLines(buyer, writing),
    facts: factsOf(writing),
    columns: {
      description: words.description,
      quantity: words.quantity,
      unitPrice: words.unitPrice,
      tax: words.tax,
      amount: words.amount(currency),
    },
    rows: rowsOf(writing),
    carriedForward: words.carriedForward,
    broughtForward: words.broughtForward,
    totals: [...sumsOf(writing), ...settlementOf(writing)],
    notes: notesOf(writing).map(plainSpaces),
    footer: plainSpaces([seller.name, seller.taxId, number].filter(Boolean).join(' · ')),
    page: words.page,
  };
}

const partyLines = ({ name, address, taxId, email }: Party, { words, formats }: Writing): string[] =>
  [name, ...addressLines(address, formats), taxId ? `${words.taxId}: ${taxId}` : null, email]
    .filter((line): line is string => Boolean(line))
    .map(plainSpaces);

const addressLines = (address: Address | null, { country }: Formats): (string | null)[] =>
  address
    ? [
        address.line1,
        address.line2,
        `${address.postalCode} ${address.city}`.trim(),
        address.region,
        country(address.country),
      ]
    : [];

function factsOf({ document, words, formats }: Writing): [string, string][] {
  const { number, issuedAt, dueAt, period, invoice, due } = document;
  const facts: [string, string][] = [
    [words.number, number],
    [words.issued, formats.date(issuedAt)],
  ];
  if (dueAt && due > 0) facts.push([words.due, formats.date(dueAt)]);
  if (period) facts.push([words.period, formats.days(period)]);
  if (invoice) facts.push([words.ofInvoice, `${invoice.number}, ${formats.date(invoice.issuedAt)}`]);
  return facts;
}

function rowsOf(writing: Writing): SheetRow[] {
  const { formats, words } = writing;
  let sum = 0;
  return writing.document.lines.map((line) => {
    sum += line.amount;
    return {
      description: plainSpaces(line.description),
      details: detailsOf(line, writing),
      quantity: formats.count(line.quantity),
      unitPrice: line.unitAmount === null ? '' : formats.unitAmount(line.unitAmount),
      tax: line.taxes
        .map(({ percentage, inclusive }) => formats.percentage(percentage) + (inclusive ? ` ${words.inclusive}` : ''))
        .join(', '),
      amount: formats.amount(line.amount),
      carried: formats.amount(sum),
    };
  });
}

function detailsOf({ service, tiers, discount }: InvoiceLine, { formats, words }: Writing): string[] {
  const { count, unitAmount, amount } = formats;
  return [
    formats.days(service),
    ...tiers.map(
      (tier) => `${count(tier.from)} – ${count(tier.to)}: ${count(tier.quantity)} × ${unitAmount(tier.unitAmount)}`,
    ),
    ...(discount === 0 ? [] : [`${words.discount}: ${amount(-discount)}`]),
  ];
}

function sumsOf({ document, words, formats }: Writing): SheetTotal[] {
  const row = (label: string, value: number, strong = false): SheetTotal => ({
    label: plainSpaces(label),
    value: formats.money(value),
    strong,
  });
  const taxes = document.taxes.map(({ name, percentage, taxable, inclusive, amount }) => {
    const tax = { name, percentage: formats.percentage(percentage), taxable: formats.money(taxable) };
    return row(inclusive ? words.inclusiveTax(tax) : words.exclusiveTax(tax), amount);
  });
  return [
    row(words.subtotal, document.subtotal),
    ...document.discounts.map(({ name, percentOff, amount }) =>
      row(percentOff === null ? name : `${name} (${formats.percentage(percentOff)})`, -amount),
    ),
    ...taxes,
    row(document.kind === 'invoice' ? words.total : words.creditTotal, document.total, true),
  ];
}

function settlementOf({ document, words, formats }: Writing): SheetTotal[] {
  const { kind, settlement, total, paid, due } = document;
  const rows: [string, number][] = [];
  if (settlement)
    rows.push(
      [words.lowersInvoice, settlement.due],
      [words.refunded, settlement.refund],
      [words.toBalance, settlement.balance],
    );
  else if (total < 0) rows.push([words.toBalance, -total]);
  else rows.push([words.paid, paid]);
  const shown = rows
    .filter(([, amount]) => amount !== 0)
    .map(([label, amount]) => ({ label, value: formats.money(amount), strong: false }));
  return kind === 'invoice' ? [...shown, { label: words.amountDue, value: formats.money(due), strong: true }] : shown;
}

function notesOf({ document, words, formats }: Writing): string[] {
  const { buyer, seller, reason, kind, due, dueAt, issuedAt, isCharged, number } = document;
  const notes: string[] = [];
  if (reason) notes.push(words.reason(reason));
  if (buyer.taxExempt === 'reverse_charge') notes.push(words.reverseCharge);
  if (buyer.taxExempt === 'exempt') notes.push(words.exempt);
  if (kind === 'credit_note') return notes;
  if (due === 0) return [...notes, words.nothingDue];
  notes.push(isCharged ? words.charged : words.payBy(formats.date(dueAt ?? issuedAt), number));
  if (!isCharged && seller.paymentDetails) notes.push(...seller.paymentDetails.split(/\r?\n/));
  return notes;
}
