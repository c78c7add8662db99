import { describe, expect, it } from '@jest/globals';
import { soldPlan, startedSubscription } from '../../../../test/support/subscriptions.js';
import { checkoutExpiry, isQuoted, type Quote, quoteOf } from './checkout.js';

const at = (text: string): Date => new Date(text);
const NOW = at('2026-06-01T10:00:00Z');

describe('a checkout', () => {
  it.each([
    ['after 23 hours', null, at('2026-06-02T09:00:00Z')],
    ['after 23 hours, within a longer period', at('2026-07-01T00:00:00Z'), at('2026-06-02T09:00:00Z')],
    ['with the period that it changes', at('2026-06-01T20:00:00Z'), at('2026-06-01T20:00:00Z')],
    ['after 23 hours, when the period has ended already', at('2026-06-01T09:00:00Z'), at('2026-06-02T09:00:00Z')],
  ])('is given up %s', (_, periodEnd, expected) => {
    expect(checkoutExpiry(NOW, periodEnd)).toEqual(expected);
  });

  it('is completed only at the quoted plan, version and price', () => {
    const subscription = startedSubscription(soldPlan('pro', 999), NOW);
    const stored = JSON.parse(JSON.stringify(quoteOf(subscription))) as Quote;
    expect(isQuoted(stored, subscription)).toBe(true);
    expect(isQuoted(stored, { ...subscription, planVersion: 2 })).toBe(false);
    expect(isQuoted(stored, { ...subscription, price: { ...subscription.price, amount: 1_000 } })).toBe(false);
    expect(isQuoted(stored, { ...subscription, quantity: 2 })).toBe(true);
  });
});
