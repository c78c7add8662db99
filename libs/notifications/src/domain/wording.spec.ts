import { describe, expect, it } from '@jest/globals';
import { type Facts, factsOf, isMailed, kindOf, NOTIFICATION_KINDS } from './notification.js';
import { worded } from './wording.js';

const facts: Facts = {
  at: '2026-11-21T22:30:00.000Z',
  endsAt: '2026-12-21T22:30:00.000Z',
  plan: { key: 'pro', name: 'Pro' },
  formerPlan: { key: 'free', name: 'Free' },
  price: { amount: 123_456, currency: 'EUR' },
  quantity: 2,
  status: 'active',
  feature: 'api_calls',
  used: 800,
  limit: 1_000,
  url: 'https://example.com/hook',
  reason: 'gone',
  number: 'INV-2026-000123',
  total: { amount: 3_569, currency: 'EUR' },
  nextAttemptAt: '2026-11-24T22:30:00.000Z',
  card: 'visa •••• 4242',
  expiry: '2026-12',
};

describe('notification texts', () => {
  it.each(NOTIFICATION_KINDS.flatMap((kind) => (['en', 'de'] as const).map((language) => [kind, language] as const)))(
    '%s in %s has every word filled in',
    (kind, language) => {
      const { title, text } = worded(kind, facts, { language, zone: 'Europe/Berlin' });
      expect(`${title} ${text}`).not.toMatch(/undefined|null|NaN|Invalid|\?/);
      expect(title.length).toBeLessThan(78);
    },
  );

  it('uses the time zone and the number format of the user', () => {
    expect(worded('renewal_upcoming', facts, { language: 'en', zone: 'America/New_York' }).text).toBe(
      'The next period begins on December 21, 2026 at 5:30 PM. The price is €2,469.12.',
    );
    expect(worded('renewal_upcoming', facts, { language: 'de', zone: 'Asia/Tokyo' }).text).toBe(
      'Der nächste Zeitraum beginnt am 22. Dezember 2026 um 07:30. Der Preis ist 2.469,12 €.',
    );
  });

  it.each([
    ['JPY', '¥246,912'],
    ['KWD', 'KWD 246.912'],
    ['USD', '$2,469.12'],
  ])('counts the minor units of %s', (currency, expected) => {
    expect(
      worded('payment_failed', { ...facts, price: { amount: 123_456, currency } }, { language: 'en', zone: 'UTC' })
        .text,
    ).toContain(`(${expected})`);
  });

  it('mentions no price for a free plan', () => {
    expect(
      worded(
        'subscription_started',
        { ...facts, price: { amount: 0, currency: 'USD' } },
        { language: 'en', zone: 'UTC' },
      ).text,
    ).not.toContain('price');
  });
});

describe('the kind of a notification', () => {
  it('distinguishes usage at 80 and at 100 percent', () => {
    expect(kindOf({ type: 'usage.threshold_reached', after: { percent: 80 }, actorKind: 'user' })).toBe(
      'usage_nearly_reached',
    );
    expect(kindOf({ type: 'usage.threshold_reached', after: { percent: 100 }, actorKind: 'user' })).toBe(
      'usage_reached',
    );
  });

  it('notifies of a subscription when it starts, not when it is scheduled', () => {
    expect(kindOf({ type: 'subscription.created', after: { status: 'inactive' }, actorKind: 'user' })).toBeNull();
    expect(kindOf({ type: 'subscription.created', after: { status: 'active' }, actorKind: 'user' })).toBe(
      'subscription_started',
    );
    expect(kindOf({ type: 'subscription.started', after: { status: 'active' }, actorKind: 'user' })).toBe(
      'subscription_started',
    );
  });

  it('of a failed payment is that of its invoice when billing has recorded it', () => {
    const pastDue = { type: 'subscription.past_due', after: {} } as const;
    expect(kindOf({ ...pastDue, actorKind: 'api_key' })).toBe('payment_failed');
    expect(kindOf({ ...pastDue, actorKind: 'system' })).toBeNull();
  });

  it('is mailed only when money or an action is involved', () => {
    const free = factsOf({
      before: null,
      after: { price: { amount: 0, currency: 'USD' }, status: 'active' },
      at: new Date(0),
      product: null,
      reason: null,
    } as never);
    expect(isMailed('subscription_started', free)).toBe(false);
    expect(isMailed('subscription_started', { ...free, status: 'trialing' })).toBe(true);
    expect(isMailed('subscription_started', facts)).toBe(true);
    expect(isMailed('usage_reached', free)).toBe(true);
  });
});
