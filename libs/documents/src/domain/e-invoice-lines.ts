import { decimalAmount } from '@app/kernel';
import type { InvoiceLine, InvoiceTax, PrintedDocument } from '@app/billing';

/** Categories of VAT by EN 16931: standard rate, zero rate, exempt, reverse charge. */
export type VatCategory = 'S' | 'Z' | 'E' | 'AE';

export interface VatGroup {
  category: VatCategory;
  percentage: string;
  /** Minor units: the sum of the net amounts of its lines. */
  taxable: number;
  tax: number;
}

/** A line with net amounts, in minor units: EN 16931 has no prices that include tax. */
export interface NetLine {
  line: InvoiceLine;
  category: VatCategory;
  percentage: string;
  net: number;
  /** Taken off the price of the line; 0 when the price has it already. */
  allowance: number;
  /** Decimal, in major units, for `baseQuantity` units. */
  price: string;
  baseQuantity: number | null;
  quantity: number;
}

/** The schema takes prices with at most two decimal places; a finer one is the amount for all units. */
const PRICE_PLACES = 2;
/** Percentages have up to four decimal places. */
const SCALE = 10_000;

/** The lines as EN 16931 has them; null when a line has two taxes, which it cannot express. */
export function netLines(document: PrintedDocument): NetLine[] | null {
  const { lines, taxes, currency } = document;
  if (lines.some((line) => line.taxes.length > 1)) return null;
  const nets = new Map<InvoiceLine, number>(lines.map((line) => [line, line.amount - line.discount]));
  for (const tax of taxes.filter(({ inclusive }) => inclusive)) setNetAmounts(tax, lines, nets);
  return lines.map((line) => netLine(line, nets.get(line)!, categoryOf(line, document), currency));
}

/** The taxes of the lines, by category and percentage. */
export function vatGroups(lines: NetLine[], taxes: InvoiceTax[]): VatGroup[] {
  const groups = new Map<string, VatGroup>();
  for (const { category, percentage, net } of lines) {
    const key = `${category} ${percentage}`;
    const group = groups.get(key) ?? { category, percentage, taxable: 0, tax: 0 };
    groups.set(key, { ...group, taxable: group.taxable + net });
  }
  for (const group of groups.values())
    if (group.category === 'S')
      group.tax = taxes
        .filter(({ percentage }) => Number(percentage) === Number(group.percentage))
        .reduce((sum, { amount }) => sum + amount, 0);
  return [...groups.values()];
}

function categoryOf(
  { taxes: [tax] }: InvoiceLine,
  { buyer }: PrintedDocument,
): Pick<NetLine, 'category' | 'percentage'> {
  if (buyer.taxExempt === 'reverse_charge') return { category: 'AE', percentage: '0' };
  if (!tax) return { category: 'E', percentage: '0' };
  return { category: Number(tax.percentage) === 0 ? 'Z' : 'S', percentage: String(Number(tax.percentage)) };
}

/** Takes an inclusive tax out of its lines, so that their net amounts sum up to the amount that it taxes. */
function setNetAmounts(tax: InvoiceTax, lines: InvoiceLine[], nets: Map<InvoiceLine, number>): void {
  const taxed = lines.filter(({ taxes }) => taxes.some(({ rate, inclusive }) => inclusive && rate === tax.rate));
  let [gross, before] = [0, 0];
  taxed.forEach((line, index) => {
    gross += nets.get(line)!;
    const until = index === taxed.length - 1 ? tax.taxable : withoutTax(gross, tax.percentage);
    nets.set(line, until - before);
    before = until;
  });
}

function withoutTax(gross: number, percentage: string): number {
  const divisor = BigInt(100 * SCALE) + BigInt(Math.round(Number(percentage) * SCALE));
  const amount = BigInt(Math.abs(gross)) * BigInt(100 * SCALE);
  return Math.sign(gross) * Number((2n * amount + divisor) / (2n * divisor));
}

function netLine(
  line: InvoiceLine,
  net: number,
  { category, percentage }: Pick<NetLine, 'category' | 'percentage'>,
  currency: string,
): NetLine {
  const quantity = line.quantity === 0 ? 1 : line.quantity;
  const keepsDiscount = line.discount > 0 && line.amount > 0 && net === line.amount - line.discount;
  const priced = keepsDiscount ? line.amount : net;
  const isExact =
    line.unitAmount !== null && isProduct(line.unitAmount, quantity, decimalAmount({ amount: priced, currency }));
  return {
    line,
    category,
    percentage,
    net,
    allowance: keepsDiscount ? line.discount : 0,
    // A price is never negative: the quantity is. The amount as the price of all units needs no rounding.
    price: isExact ? line.unitAmount! : decimalAmount({ amount: Math.abs(priced), currency }),
    baseQuantity: isExact || quantity === 1 ? null : quantity,
    quantity: priced < 0 ? -quantity : quantity,
  };
}

/** True when unit price times quantity is exactly this amount, and the price has two decimal places or fewer. */
function isProduct(unitAmount: string, quantity: number, amount: string): boolean {
  if (!Number.isSafeInteger(quantity) || placesOf(unitAmount) > PRICE_PLACES) return false;
  const places = Math.max(placesOf(unitAmount), placesOf(amount));
  return scaled(unitAmount, places) * BigInt(quantity) === scaled(amount, places);
}

const placesOf = (decimal: string): number => decimal.split('.')[1]?.length ?? 0;
const scaled = (decimal: string, places: number): bigint =>
  BigInt(decimal.replace('.', '')) * 10n ** BigInt(places - placesOf(decimal));
