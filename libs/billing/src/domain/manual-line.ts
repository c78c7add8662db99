import { decimalAmount, DomainError, MAX_AMOUNT } from '@app/kernel';
import type { InvoiceLine } from './invoice.js';

/** A line that someone writes. */
export interface ManualLine {
  description: string;
  quantity: number;
  /** Minor units; negative for a reduction. */
  unitAmount: number;
  /** The service that it pays for. Default: the day of the invoice. */
  periodStart?: Date;
  periodEnd?: Date;
}

/**
 * The lines of a manual invoice.
 * @throws DomainError `amount_too_large` for a line, or for all of them together
 */
export function manualLines(lines: ManualLine[], context: { currency: string; now: Date }): InvoiceLine[] {
  const written = lines.map((line) => manualLine(line, context));
  const sum = written.reduce((total, { amount }) => total + BigInt(amount), 0n);
  if (isTooLarge(sum)) throw tooLarge('The sum of all lines');
  return written;
}

const isTooLarge = (amount: bigint): boolean => amount > BigInt(MAX_AMOUNT) || amount < -BigInt(MAX_AMOUNT);
const tooLarge = (what: string): DomainError =>
  new DomainError('invalid', 'amount_too_large', `${what} must be at most ${MAX_AMOUNT} minor units.`);

function manualLine(
  { description, quantity, unitAmount, periodStart, periodEnd }: ManualLine,
  { currency, now }: { currency: string; now: Date },
): InvoiceLine {
  const amount = BigInt(quantity) * BigInt(unitAmount);
  if (isTooLarge(amount)) throw tooLarge('quantity x unitAmount');
  const start = periodStart ?? now;
  return {
    kind: 'manual',
    description,
    quantity,
    unitAmount: decimalAmount({ amount: unitAmount, currency }),
    amount: Number(amount),
    service: { start, end: periodEnd ?? start },
    plan: null,
    addOn: null,
    feature: null,
    tiers: [],
    discount: 0,
    taxes: [],
  };
}
