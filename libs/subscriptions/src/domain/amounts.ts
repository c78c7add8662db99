import { DomainError, exactAmountOf, MAX_AMOUNT } from '@app/kernel';
import type { SoldPrice, Subscription } from './subscription.js';

type Agreed = Pick<Subscription, 'price' | 'quantity' | 'prepaidPeriods' | 'scheduledChange'>;

/**
 * Asserts that the current period and all agreed further ones cost at most MAX_AMOUNT together, also at the price of a
 * scheduled change. So every proration line, and every sum of them, is an exact integer.
 * @param kind `invalid` when the request names the quantity or the plan, `conflict` when it does not
 * @throws DomainError `amount_too_large`
 */
export function assertAmount(
  { price, quantity, prepaidPeriods, scheduledChange }: Agreed,
  kind: 'invalid' | 'conflict' = 'invalid',
): void {
  for (const sold of [{ price, quantity }, ...(scheduledChange ? [scheduledChange] : [])])
    if (costs(sold, 1 + prepaidPeriods) > BigInt(MAX_AMOUNT)) throw amountTooLarge(kind, sold.price);
}

const costs = (sold: { price: SoldPrice; quantity: number }, periods: number): bigint =>
  exactAmountOf(sold) * BigInt(periods);

/** The error of an amount above MAX_AMOUNT. */
export function amountTooLarge(kind: 'invalid' | 'conflict', price: Pick<SoldPrice, 'amount'>): DomainError {
  const message = `price x quantity x agreed periods must be at most ${MAX_AMOUNT} minor units; the price is ${price.amount}`;
  return new DomainError(kind, 'amount_too_large', 'The amount is too large: choose a smaller quantity.', {
    errors: [{ field: 'quantity', message }],
  });
}
