import type { Subscription, Transition } from '@app/subscriptions';
import { describe, expect, it } from '@jest/globals';
import { commands, dueTransitions, soldPlan, startedSubscription } from '../../../../test/support/subscriptions.js';
import { type BilledEvent, type Charge, fold, mergeCharges } from './charges.js';

const at = (text: string): Date => new Date(text);
const JUNE = at('2026-06-01T00:00:00Z');
const JUNE_16 = at('2026-06-16T00:00:00Z');
const JULY = at('2026-07-01T00:00:00Z');
const SMALL = soldPlan('Small', 10_000);
const LARGE = soldPlan('Large', 30_000);
const ANNUAL = soldPlan('Annual', 120_000, 'year');
const small = startedSubscription(SMALL, JUNE);
const large = startedSubscription(LARGE, JUNE);
const trial = startedSubscription(SMALL, JUNE, { trialDays: 14 });
const scheduled = startedSubscription(SMALL, JUNE, { startsAt: JUNE_16 });

const eventOf = ({
  type,
  at: instant,
  subscription,
  prorationLines = [],
  prorated = false,
}: Transition): BilledEvent => ({
  ...{ type, at: instant, sequence: 1, after: subscription, prorationLines, prorated },
});
const created = (subscription: Subscription, instant = JUNE): Charge | undefined =>
  fold(null, eventOf({ type: 'subscription.created', subscription, at: instant })).charges[0];
const charged = (before: Subscription, transition: Transition): Charge | undefined =>
  fold(before, eventOf(transition)).charges[0];
const change = (before: Subscription, plan = LARGE, now = JUNE_16): Transition =>
  commands.change(before, { plan, quantity: before.quantity, prorate: true, when: 'now' }, now);
const amounts = (one: Charge | undefined) =>
  one?.lines.map(({ kind, description, amount }) => [kind, description, amount]);
const due = (before: Subscription, now: Date): Transition =>
  dueTransitions(before, now).find(({ type }) => !/upcoming|ending/.test(type))!;

describe('a period that begins', () => {
  it.each([
    ['a start', created(small), JUNE],
    ['the end of a trial', charged(trial, due(trial, at('2026-06-15T00:00:00Z'))), at('2026-06-15T00:00:00Z')],
    ['a scheduled start', charged(scheduled, due(scheduled, JUNE_16)), JUNE_16],
    ['a renewal', charged(small, due(small, JULY)), JULY],
  ])('by %s is charged in advance', (_, one, instant) => {
    expect(one).toMatchObject({ purpose: 'period', immediate: true, at: instant, currency: 'USD' });
    expect(amounts(one)).toEqual([['subscription', 'Small', 10_000]]);
    expect(one!.lines[0]!.service).toEqual(one!.period);
    expect(one!.period.start).toEqual(instant);
  });

  it.each([
    ['a trial', created(trial)],
    ['a start in the future', created(scheduled)],
  ])('by %s is not charged', (_, one) => {
    expect(one).toBeUndefined();
  });

  it('without an end has no line: only usage is invoiced', () => {
    expect(created(startedSubscription(SMALL, JUNE, { indefinite: true }))).toMatchObject({
      purpose: 'period',
      lines: [],
    });
  });

  it('after a restart is charged in full', () => {
    const ended = commands.cancel(small, 'now', JUNE_16).subscription;
    expect(amounts(charged(ended, commands.renew(ended, 'now', JULY)))).toEqual([['subscription', 'Small', 10_000]]);
  });

  it('by a change of the interval replaces the rest of the running one on the same invoice', () => {
    const one = charged(small, change(small, ANNUAL));
    expect(one).toMatchObject({ purpose: 'period', immediate: true });
    expect(amounts(one)).toEqual([
      ['proration', 'Unused time: Small', -5_000],
      ['subscription', 'Annual', 120_000],
    ]);
  });

  it('that was agreed on is not charged again', () => {
    const manual = startedSubscription(SMALL, JUNE, { autoRenew: false });
    const agreed = commands.renew(manual, 'period_end', JUNE_16);
    expect(charged(manual, agreed)).toMatchObject({ purpose: 'change', immediate: true });
    expect(amounts(charged(manual, agreed))).toEqual([['subscription', 'Small', 10_000]]);
    expect(charged(agreed.subscription, due(agreed.subscription, JULY))).toMatchObject({
      purpose: 'period',
      lines: [],
    });
  });
});

describe('a command within a period', () => {
  it.each([
    [
      'an upgrade',
      change(small),
      small,
      [
        ['proration', 'Unused time: Small', -5_000],
        ['proration', 'Remaining time: Large', 15_000],
      ],
    ],
    [
      'a downgrade',
      change(large, SMALL),
      large,
      [
        ['proration', 'Unused time: Large', -15_000],
        ['proration', 'Remaining time: Small', 5_000],
      ],
    ],
  ] as const)('such as %s is a proration, which the product may collect', (_, transition, before, lines) => {
    const one = charged(before, transition);
    expect(one).toMatchObject({
      purpose: 'change',
      immediate: false,
      at: JUNE_16,
      period: { start: JUNE_16, end: JULY },
    });
    expect(amounts(one)).toEqual(lines);
  });

  const paused = commands.pause(small, JUNE_16);
  const pastDue = commands.markPastDue(small, 7, JUNE_16);
  it.each<[string, Subscription, Transition]>([
    ['a pause', small, paused],
    ['the end of a pause', paused.subscription, commands.unpause(paused.subscription, at('2026-06-20T00:00:00Z'))],
    ['an extension', small, commands.extend(small, at('2026-07-15T00:00:00Z'), JUNE_16)],
    ['a failed payment', small, pastDue],
    ['a recovery', pastDue.subscription, commands.markPaid(pastDue.subscription, JULY)],
    [
      'a scheduled change',
      small,
      commands.change(small, { plan: LARGE, quantity: 1, prorate: true, when: 'period_end' }, JUNE_16),
    ],
    ['a scheduled cancellation', small, commands.cancel(small, 'period_end', JUNE_16)],
    ['a switched renewal', small, commands.setAutoRenew(small, false, JUNE_16)],
  ])('such as %s costs nothing', (_, before, transition) => {
    expect(charged(before, transition)).toBeUndefined();
  });

  it('that schedules a change charges the new plan when the period ends', () => {
    const { subscription } = commands.change(
      small,
      { plan: LARGE, quantity: 1, prorate: true, when: 'period_end' },
      JUNE_16,
    );
    const one = charged(subscription, due(subscription, JULY));
    expect(one).toMatchObject({ purpose: 'period', at: JULY });
    expect(amounts(one)).toEqual([['subscription', 'Large', 30_000]]);
  });
});

describe('add-ons', () => {
  const content = {
    name: 'Seats',
    description: '',
    entitlements: [],
    prices: [
      { interval: 'month', intervalCount: 1, amount: 500, currency: 'USD', region: null, deviceType: null },
    ] as const,
  };
  const put = (before: Subscription, quantity: number, now = JUNE_16): Transition =>
    commands.putAddOn(before, { key: 'seats', quantity, content: { ...content, prices: [...content.prices] } }, now)!;

  it('are charged for the rest of the period when they are added, and with the plan from then on', () => {
    const added = put(small, 2);
    expect(amounts(charged(small, added))).toEqual([['add_on', 'Remaining time: Seats', 500]]);
    expect(amounts(charged(added.subscription, due(added.subscription, JULY)))).toEqual([
      ['subscription', 'Small', 10_000],
      ['add_on', 'Seats', 1_000],
    ]);
  });

  it('are credited and charged when their quantity changes, and credited when they are removed', () => {
    const { subscription } = put(small, 2, JUNE);
    expect(amounts(charged(subscription, put(subscription, 3)))).toEqual([
      ['proration', 'Unused time: Seats', -500],
      ['add_on', 'Remaining time: Seats', 750],
    ]);
    expect(amounts(charged(subscription, commands.removeAddOn(subscription, 'seats', JUNE_16)))).toEqual([
      ['proration', 'Unused time: Seats', -500],
    ]);
  });

  it('are not charged without a price for the interval of the subscription', () => {
    const annual = startedSubscription(ANNUAL, JUNE);
    expect(charged(annual, put(annual, 2))?.lines).toEqual([]);
  });
});

describe('the end of a subscription', () => {
  it('credits the unused time of a cancellation with proration', () => {
    const one = charged(small, commands.cancel(small, 'now', JUNE_16, { prorate: true }));
    expect(one).toMatchObject({ purpose: 'final', immediate: true, period: { start: JUNE, end: JUNE_16 } });
    expect(amounts(one)).toEqual([['proration', 'Unused time: Small', -5_000]]);
  });

  it.each([
    ['a cancellation without proration', small, commands.cancel(small, 'now', JUNE_16)],
    [
      'the end of a canceled period',
      commands.cancel(small, 'period_end', JUNE_16).subscription,
      due(commands.cancel(small, 'period_end', JUNE_16).subscription, JULY),
    ],
  ])('by %s is an instant at which usage is invoiced', (_, before, transition) => {
    expect(charged(before, transition)).toMatchObject({ purpose: 'final', lines: [] });
  });

  it('before its start costs nothing', () => {
    expect(charged(scheduled, commands.cancel(scheduled, 'now', JUNE))).toBeUndefined();
  });
});

describe('charges of one instant', () => {
  const of = (over: Partial<Charge>): Charge => ({
    ...{ at: JUNE, purpose: 'change', immediate: false, currency: 'USD', lines: [], source: 1 },
    period: { start: JUNE, end: JULY },
    ...over,
  });
  const line = created(small)!.lines[0]!;

  it('are one invoice, with the purpose of the period', () => {
    const [one, ...others] = mergeCharges([
      of({ lines: [line] }),
      of({ purpose: 'period', immediate: true, lines: [line, line], source: 2 }),
    ]);
    expect(others).toEqual([]);
    expect(one).toMatchObject({ purpose: 'period', immediate: true, source: 2 });
    expect(one!.lines).toHaveLength(3);
  });

  it.each([
    ['other instants', { at: JULY }],
    ['other currencies', { currency: 'EUR' }],
  ])('stay apart from those of %s', (_, other) => {
    expect(mergeCharges([of({}), of(other)])).toHaveLength(2);
  });

  it('stay apart when one ends the subscription and the other begins a period', () => {
    expect(mergeCharges([of({ purpose: 'final' }), of({ purpose: 'period' })])).toHaveLength(2);
  });
});
