import { declareEvents, type EventDescription } from '@app/events';
import type { SubscriptionEventType } from './domain/subscription.js';

const PRO = { key: 'pro', name: 'Pro', version: 3 };
const TEAM = { key: 'team', name: 'Team', version: 1 };
const PRICE = { amount: 2999, currency: 'USD', interval: 'month', intervalCount: 1 };
const TEAM_PRICE = { ...PRICE, amount: 9900 };
const AUGUST = '2026-08-14T09:30:00.000Z';
const SEPTEMBER = '2026-09-14T09:30:00.000Z';
const OCTOBER = '2026-10-14T09:30:00.000Z';
/** A complete subscription: the payload of events that a command records. */
const WHOLE = {
  plan: PRO,
  price: PRICE,
  quantity: 1,
  status: 'active',
  timezone: 'UTC',
  anchor: AUGUST,
  usageAnchor: null,
  nextAnchor: null,
  endsAt: null,
  startedAt: AUGUST,
  currentPeriodStart: AUGUST,
  currentPeriodEnd: SEPTEMBER,
  usagePeriodStart: AUGUST,
  planSince: AUGUST,
  trialEnd: null,
  autoRenew: true,
  prepaidPeriods: 0,
  cancelAtPeriodEnd: false,
  canceledAt: null,
  endedAt: null,
  pausedAt: null,
  pastDueSince: null,
  graceEndsAt: null,
  deniedUntil: null,
  scheduledChange: null,
  addOns: {},
  version: 2,
};
const FIVE_SEATS = {
  name: 'Five seats',
  quantity: 1,
  since: AUGUST,
  prices: [{ ...PRICE, region: null, deviceType: null }],
  entitlements: [
    {
      featureId: '01998a4e-8000-7000-8000-00000000000f',
      feature: 'seats',
      terms: { type: 'metered', limit: 5, window: 'none', overage: 'deny' },
    },
  ],
};
const was = (facts: object): object => ({
  plan: PRO,
  status: 'active',
  version: 1,
  currentPeriodEnd: SEPTEMBER,
  ...facts,
});
const is = (facts: object): object => ({ ...WHOLE, ...facts });
/** Time-driven events store only changed fields. */
const became = (facts: object): object => ({
  plan: PRO,
  status: 'active',
  version: 2,
  currentPeriodEnd: SEPTEMBER,
  price: PRICE,
  quantity: 1,
  ...facts,
});
const SCHEDULED = {
  planId: '01998a4e-8000-7000-8000-00000000000a',
  planKey: 'team',
  planName: 'Team',
  planVersion: 1,
  price: TEAM_PRICE,
  quantity: 1,
  effectiveAt: SEPTEMBER,
};
const described = (summary: string, before: object | undefined, after: object): EventDescription => ({
  subject: 'subscription',
  summary,
  before,
  after,
});

/** Events of subscriptions. */
export const SUBSCRIPTION_EVENTS = declareEvents({
  'subscription.created': described(
    'A subscription was created; one that starts later is `inactive` until then.',
    undefined,
    is({ version: 1 }),
  ),
  'subscription.started': described('A scheduled subscription started.', was({ status: 'inactive' }), became({})),
  'subscription.trial_ending': described(
    'The trial ends in seven days, or in one day when it is short.',
    was({ status: 'trialing' }),
    became({ status: 'trialing', version: 1 }),
  ),
  'subscription.trial_ended': described(
    'The trial ended and the first paid period started.',
    was({ status: 'trialing', currentPeriodStart: AUGUST, currentPeriodEnd: SEPTEMBER, usagePeriodStart: AUGUST }),
    became({ currentPeriodStart: SEPTEMBER, currentPeriodEnd: OCTOBER, usagePeriodStart: SEPTEMBER }),
  ),
  'subscription.renewal_upcoming': described(
    'The next period starts in seven days, or in one day when periods are short.',
    was({}),
    became({ version: 1 }),
  ),
  'subscription.renewed': described(
    'A period ended and the next one started.',
    was({ currentPeriodStart: AUGUST, currentPeriodEnd: SEPTEMBER, usagePeriodStart: AUGUST }),
    became({ currentPeriodStart: SEPTEMBER, currentPeriodEnd: OCTOBER, usagePeriodStart: SEPTEMBER }),
  ),
  'subscription.renewal_agreed': described(
    'One more period was agreed; the subscription does not renew automatically.',
    was({ prepaidPeriods: 0 }),
    is({ autoRenew: false, prepaidPeriods: 1 }),
  ),
  'subscription.plan_changed': described(
    'The plan, interval or quantity changed. `direction` is `upgrade` when the new price per day is higher, `downgrade` when it is lower, else `switch`; `lines` are the proration lines, and `prorated` says that unused time is credited.',
    was({ price: PRICE }),
    {
      ...is({ plan: TEAM, price: TEAM_PRICE }),
      direction: 'upgrade',
      prorated: true,
      lines: [
        {
          kind: 'charge',
          plan: TEAM,
          quantity: 1,
          unitAmount: 9900,
          amount: 3193,
          currency: 'USD',
          periodStart: AUGUST,
          periodEnd: SEPTEMBER,
        },
      ],
    },
  ),
  'subscription.change_scheduled': described(
    'A change of plan, interval or quantity was scheduled for the end of the period.',
    was({ scheduledChange: null }),
    is({ scheduledChange: SCHEDULED }),
  ),
  'subscription.cancel_scheduled': described(
    'The subscription was canceled at period end; it is live until then.',
    was({ cancelAtPeriodEnd: false, canceledAt: null }),
    is({ status: 'canceled', cancelAtPeriodEnd: true, canceledAt: AUGUST }),
  ),
  'subscription.canceled': described(
    'The subscription was canceled and ended before its period. `prorated` says that unused time is credited; `lines` are the credits of the plan.',
    was({ endedAt: null }),
    { ...is({ status: 'inactive', canceledAt: AUGUST, endedAt: AUGUST }), prorated: true },
  ),
  'subscription.resumed': described(
    'A scheduled cancellation or change was undone.',
    was({ status: 'canceled', cancelAtPeriodEnd: true }),
    is({}),
  ),
  'subscription.paused': described(
    'The subscription was paused.',
    was({ pausedAt: null }),
    is({ status: 'paused', pausedAt: AUGUST }),
  ),
  'subscription.unpaused': described(
    'The subscription was unpaused; the paused time was added to the period.',
    was({ status: 'paused', pausedAt: AUGUST }),
    is({}),
  ),
  'subscription.auto_renew_changed': described(
    'Automatic renewal was enabled or disabled.',
    was({ autoRenew: true }),
    is({ autoRenew: false }),
  ),
  'subscription.extended': described(
    'The period was extended, with a reason.',
    was({ currentPeriodEnd: SEPTEMBER }),
    is({ currentPeriodEnd: OCTOBER }),
  ),
  'subscription.billing_anchor_changed': described(
    'The boundaries of the periods were moved: of the current period, or from the next one on (`nextAnchor`). `lines` are the proration lines.',
    was({ nextAnchor: null }),
    is({ nextAnchor: '2026-09-01T00:00:00.000Z' }),
  ),
  'subscription.end_changed': described(
    'The agreed end was set, moved or removed. `lines` are the proration lines of a period that was cut or lengthened.',
    was({ endsAt: null }),
    is({ endsAt: '2027-01-01T00:00:00.000Z' }),
  ),
  'subscription.add_ons_changed': described(
    'An add-on was added or removed, or its quantity changed. `addOns` has all add-ons, with their content as sold.',
    was({ addOns: {} }),
    is({ addOns: { 'five-seats': FIVE_SEATS } }),
  ),
  'subscription.past_due': described(
    'A payment failed. Checks are denied from `graceEndsAt` on, or immediately when it is null, until a payment succeeds.',
    was({ pastDueSince: null, graceEndsAt: null }),
    is({ status: 'past_due', pastDueSince: AUGUST, graceEndsAt: '2026-08-21T09:30:00.000Z' }),
  ),
  'subscription.recovered': described(
    'A payment succeeded; the subscription is active again.',
    was({ status: 'past_due', pastDueSince: AUGUST, graceEndsAt: '2026-08-21T09:30:00.000Z' }),
    is({}),
  ),
  'subscription.reactivated': described(
    'An ended subscription was restarted in a new period.',
    was({ status: 'expired', endedAt: AUGUST }),
    is({}),
  ),
  'subscription.expiry_upcoming': described(
    'The subscription ends in seven days, or in one day when periods are short, unless it is renewed.',
    was({ status: 'canceled' }),
    became({ status: 'canceled', version: 1 }),
  ),
  'subscription.expired': described(
    'The subscription ended with its period.',
    was({ endedAt: null }),
    became({ status: 'expired', endedAt: SEPTEMBER }),
  ),
} satisfies Record<SubscriptionEventType, EventDescription>);

declare module '@app/events' {
  interface DeclaredEvents {
    subscriptions: typeof SUBSCRIPTION_EVENTS;
  }
}
