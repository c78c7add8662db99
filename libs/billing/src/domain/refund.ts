import type { Payment } from './payment.js';

/** The sources of a refund: the credit balance, for what no invoice needed, and a credit note against the invoice. */
export interface RefundParts {
  fromBalance: number;
  credited: number;
}

/** The part of a payment that its invoice has: a credit note can pay it back. */
export const creditablePart = ({ amount, refunded, excess }: Pick<Payment, 'amount' | 'refunded' | 'excess'>): number =>
  amount - refunded - excess;

/** The same over several payments. */
export const creditableSum = (payments: Pick<Payment, 'amount' | 'refunded' | 'excess'>[]): number =>
  payments.reduce((sum, payment) => sum + creditablePart(payment), 0);

/**
 * The most of a payment that can be paid back: of its excess, what is left in the credit balance; of the rest, what its
 * invoice was not credited yet.
 * @param left `creditable`: total of the invoice that was paid and not credited yet
 */
export const refundableParts = (payment: Payment, left: { balance: number; creditable: number }): RefundParts => ({
  fromBalance: Math.min(payment.excess, left.balance),
  credited: Math.min(creditablePart(payment), Math.max(left.creditable, 0)),
});

/**
 * How an amount is paid back: what was overpaid first. Null when it is more than can be paid back.
 * @example refundParts(300, { fromBalance: 200, credited: 300 }) // { fromBalance: 200, credited: 100 }
 */
export function refundParts(amount: number, most: RefundParts): RefundParts | null {
  const fromBalance = Math.min(amount, most.fromBalance);
  const credited = amount - fromBalance;
  return credited > most.credited ? null : { fromBalance, credited };
}
