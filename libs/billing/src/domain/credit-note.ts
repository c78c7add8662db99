import {
  compared,
  dividedBy,
  DomainError,
  type FieldError,
  plus,
  rational,
  type Rational,
  rounded,
  times,
  ZERO,
} from '@app/kernel';
import type { CreditNote, Invoice, InvoiceLine, InvoiceTax } from './invoice.js';
import { exactAmount } from './rating.js';
import { spread } from './totals.js';

/** A line of a credit note. Its amount is after discounts; `total` adds its taxes. */
export interface CreditNoteLine extends InvoiceLine {
  /** Position on the invoice, from 1. */
  invoiceLine: number;
  total: number;
}

/** The credited amounts, with taxes: one amount, which is spread over all lines, or an amount of each of some lines. */
export type CreditRequest = { amount: number } | { lines: { line: number; amount: number }[] };

export type CreditNoteAmounts = Pick<CreditNote, 'taxes' | 'subtotal' | 'taxTotal' | 'total'> & {
  lines: CreditNoteLine[];
};

const HUNDRED = rational(100);

/**
 * The amounts of the next credit note of an invoice. Taxes are in proportion to what is credited; the note that credits
 * the rest of every line takes the rest of each tax, so that all notes together are exactly the invoice. No amount of
 * the note is negative: where lines of both signs or several taxes would lead to that, an `amount` is spread over the
 * lines above zero.
 * @param previous all credit notes of the invoice
 * @throws DomainError `credit_too_large`, `credit_not_possible`, `invalid_fields`
 * @example creditNoteFor(invoice, [], { amount: 500 }).taxTotal
 */
export function creditNoteFor(
  invoice: Invoice,
  previous: readonly CreditNote[],
  request: CreditRequest,
): CreditNoteAmounts {
  const shares = sharesOf(invoice, previous);
  for (const totals of totalsFor(request, shares, invoice.total - invoice.credited)) {
    const isRest = totals.every((total, index) => total === shares[index]);
    for (const isLast of isRest ? [true, false] : [false]) {
      const note = noteOf({ invoice, totals, previous, isLast });
      if (note.total > 0 && note.subtotal >= 0 && note.taxTotal >= 0) return note;
    }
  }
  throw new DomainError(
    'conflict',
    'credit_not_possible',
    'The net amount or the tax of this credit note would be below zero; credit an `amount` or other `lines`.',
  );
}

/** The ways to spread a request over the lines, with taxes, in the order of preference. */
function totalsFor(request: CreditRequest, shares: number[], left: number): number[][] {
  if ('lines' in request) return [amountsOf(request.lines, shares)];
  if (request.amount > left) throw creditTooLarge(left);
  const aboveZero = shares.map((share) => Math.max(share, 0));
  return [shares, aboveZero].map((parts) => scaledTo(parts.map(rational), request.amount));
}

function noteOf(crediting: Crediting): CreditNoteAmounts {
  const { invoice, totals } = crediting;
  const total = sum(totals);
  const taxes = invoice.taxes.map((tax) => taxOf(tax, crediting));
  const exclusive = sum(taxes.filter(({ inclusive }) => !inclusive).map(({ amount }) => amount));
  const subtotal = total - exclusive;
  const nets = scaledTo(
    invoice.lines.map((line, index) => afterDiscount(line, totals[index]!)),
    subtotal,
  );
  const lines = invoice.lines.map((line, index) =>
    noteLine(line, index, { amount: nets[index]!, total: totals[index]! }),
  );
  return {
    lines: lines.filter((line) => line.amount !== 0 || line.total !== 0),
    taxes: taxes.filter(({ amount, taxable }) => amount !== 0 || taxable !== 0),
    subtotal,
    taxTotal: sum(taxes.map(({ amount }) => amount)),
    total,
  };
}

const sum = (amounts: number[]): number => exactAmount(amounts.reduce((all, amount) => all + BigInt(amount), 0n));

/** The rest of each line that can be credited, with taxes: their sum is the rest of the invoice. */
function sharesOf(invoice: Invoice, previous: readonly CreditNote[]): number[] {
  const whole = scaledTo(
    invoice.lines.map((line) => {
      const net = dividedBy(times(rational(line.amount - line.discount), HUNDRED), plus(HUNDRED, percents(line, true)));
      return dividedBy(times(net, plus(HUNDRED, plus(percents(line, true), percents(line, false)))), HUNDRED);
    }),
    invoice.total,
  );
  const credited = previous.flatMap(({ lines }) => lines as CreditNoteLine[]);
  return whole.map((share, index) =>
    credited.reduce((left, { invoiceLine, total }) => (invoiceLine === index + 1 ? left - total : left), share),
  );
}

/** Whole numbers in proportion to the parts that sum up to the total. */
function scaledTo(parts: Rational[], total: number): number[] {
  const whole = parts.reduce(plus, ZERO);
  if (compared(whole, ZERO) === 0) return parts.map((_, index) => (index === 0 ? total : 0));
  const factor = dividedBy(rational(total), whole);
  return spread(parts.map((part) => times(part, factor))).map(exactAmount);
}

function amountsOf(requested: { line: number; amount: number }[], shares: number[]): number[] {
  const errors = requested.flatMap(({ line }, index): FieldError[] => {
    const field = `lines.${index}.line`;
    if (line > shares.length) return [{ field, message: `must be 1 to ${shares.length}` }];
    return requested.findIndex((other) => other.line === line) < index ? [{ field, message: 'must be unique' }] : [];
  });
  if (errors.length > 0) throw new DomainError('invalid', 'invalid_fields', 'Some fields are not valid.', { errors });
  const totals = shares.map(() => 0);
  for (const { line, amount } of requested) {
    const left = shares[line - 1]!;
    if (amount > left) throw creditTooLarge(Math.max(left, 0), line);
    totals[line - 1] = amount;
  }
  const left = sum(shares);
  if (sum(totals) > left) throw creditTooLarge(left);
  return totals;
}

const creditTooLarge = (creditable: number, line?: number): DomainError =>
  new DomainError(
    'conflict',
    'credit_too_large',
    'More would be credited than is left of the invoice; `creditable` says how much is left.',
    { creditable, ...(line !== undefined && { line }) },
  );

const percents = ({ taxes }: InvoiceLine, inclusive: boolean): Rational =>
  taxes.filter((tax) => tax.inclusive === inclusive).reduce((all, tax) => plus(all, rational(tax.percentage)), ZERO);

/** The amount without any tax that is contained in a total with all of them. */
const netOf = (line: InvoiceLine, total: number): Rational =>
  dividedBy(times(rational(total), HUNDRED), plus(HUNDRED, plus(percents(line, true), percents(line, false))));

/** The part of a total that is on the line: with inclusive taxes, without exclusive ones. */
const afterDiscount = (line: InvoiceLine, total: number): Rational =>
  dividedBy(times(netOf(line, total), plus(HUNDRED, percents(line, true))), HUNDRED);

interface Crediting {
  invoice: Invoice;
  totals: number[];
  previous: readonly CreditNote[];
  isLast: boolean;
}

function taxOf(tax: InvoiceTax, { invoice, totals, previous, isLast }: Crediting): InvoiceTax {
  const isSame = (other: { rate: string; percentage: string; inclusive: boolean }): boolean =>
    other.rate === tax.rate && other.percentage === tax.percentage && other.inclusive === tax.inclusive;
  const credited = previous.flatMap(({ taxes }) => taxes.filter(isSame));
  const left = {
    amount: tax.amount - sum(credited.map(({ amount }) => amount)),
    taxable: tax.taxable - sum(credited.map(({ taxable }) => taxable)),
  };
  if (isLast) return { ...tax, ...left };
  const net = invoice.lines.reduce(
    (all, line, index) => (line.taxes.some(isSame) ? plus(all, netOf(line, totals[index]!)) : all),
    ZERO,
  );
  const amount = exactAmount(rounded(dividedBy(times(net, rational(tax.percentage)), HUNDRED)));
  return {
    ...tax,
    amount: within(left.amount, amount),
    taxable: within(left.taxable, exactAmount(rounded(net))),
  };
}

/** The amount, as far as it is between zero and the limit. */
const within = (limit: number, amount: number): number =>
  Math.min(Math.max(amount, Math.min(limit, 0)), Math.max(limit, 0));

const noteLine = (
  line: InvoiceLine,
  index: number,
  { amount, total }: { amount: number; total: number },
): CreditNoteLine => ({
  ...line,
  quantity: 1,
  unitAmount: null,
  tiers: [],
  discount: 0,
  amount,
  invoiceLine: index + 1,
  total,
});
