import { declareEvents, type EventDescription } from '@app/events';
import type { SubscriptionEventType } from './domain/subscription.js';

const PRO = { key: 'pro', name: 'Pro', version: 3 };
const TEAM = { key: 'team', name: 'Team', version: 1 };
const PRICE = { amount: 2999, currency: 'USD', interval: 'month', intervalCount: 1 };
const TEAM_PRICE = { ...PRICE, amount: 9900 };
const AUGUST = '2026-08-14T09:30:00.000Z';
const SEPTEMBER = '2026-09-14T09:30:00.000Z';
const OCTOBER = '2026-10-14T09:30:00.000Z';
/** The whole of a contract, as events of what somebody did tell it. */
const WHOLE = {
  plan: PRO,
  price: PRICE,
  quantity: 1,
  status: 'active',
  timezone: 'UTC',
  anchor: AUGUST,
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
  scheduledChange: null,
  version: 2,
};
const was = (facts: object): object => ({
  plan: PRO,
  status: 'active',
  version: 1,
  currentPeriodEnd: SEPTEMBER,
  ...facts,
});
const is = (facts: object): object => ({ ...WHOLE, ...facts });
/** What time does is told by what it changes. */
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
    'A customer was put on a plan; a contract that begins later is `inactive` until then.',
    undefined,
    is({ version: 1 }),
  ),
  'subscription.started': described(
    'A contract that was agreed on earlier has begun.',
    was({ status: 'inactive' }),
    became({}),
  ),
  'subscription.trial_ending': described(
    'The trial ends in seven days, or in one where it is short.',
    was({ status: 'trialing' }),
    became({ status: 'trialing', version: 1 }),
  ),
  'subscription.trial_ended': described(
    'The trial is over, the first paid period has begun.',
    was({ status: 'trialing', currentPeriodStart: AUGUST, currentPeriodEnd: SEPTEMBER, usagePeriodStart: AUGUST }),
    became({ currentPeriodStart: SEPTEMBER, currentPeriodEnd: OCTOBER, usagePeriodStart: SEPTEMBER }),
  ),
  'subscription.renewal_upcoming': described(
    'The next period begins in seven days, or in one where periods are short.',
    was({}),
    became({ version: 1 }),
  ),
  'subscription.renewed': described(
    'A period has ended and the next one has begun.',
    was({ currentPeriodStart: AUGUST, currentPeriodEnd: SEPTEMBER, usagePeriodStart: AUGUST }),
    became({ currentPeriodStart: SEPTEMBER, currentPeriodEnd: OCTOBER, usagePeriodStart: SEPTEMBER }),
  ),
  'subscription.renewal_agreed': described(
    'One more period was agreed on, although the contract does not renew by itself.',
    was({ prepaidPeriods: 0 }),
    is({ autoRenew: false, prepaidPeriods: 1 }),
  ),
  'subscription.plan_changed': described(
    'Another plan, interval or quantity holds. `direction` is `upgrade` where it is dearer by the day, `downgrade` where it is cheaper, else `switch`; `lines` are the credits and charges of it.',
    was({ price: PRICE }),
    {
      ...is({ plan: TEAM, price: TEAM_PRICE }),
      direction: 'upgrade',
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
    'Another plan, interval or quantity is agreed on for the end of the period.',
    was({ scheduledChange: null }),
    is({ scheduledChange: SCHEDULED }),
  ),
  'subscription.cancel_scheduled': described(
    'The contract is set to end with the period, and live until then.',
    was({ cancelAtPeriodEnd: false, canceledAt: null }),
    is({ status: 'canceled', cancelAtPeriodEnd: true, canceledAt: AUGUST }),
  ),
  'subscription.canceled': described(
    'The contract has ended before its period did.',
    was({ endedAt: null }),
    is({ status: 'inactive', canceledAt: AUGUST, endedAt: AUGUST }),
  ),
  'subscription.resumed': described(
    'What was scheduled, the end or a change, was called off.',
    was({ status: 'canceled', cancelAtPeriodEnd: true }),
    is({}),
  ),
  'subscription.paused': described(
    'The contract stands still.',
    was({ pausedAt: null }),
    is({ status: 'paused', pausedAt: AUGUST }),
  ),
  'subscription.unpaused': described(
    'The contract goes on; the time that it stood still was added to the period.',
    was({ status: 'paused', pausedAt: AUGUST }),
    is({}),
  ),
  'subscription.auto_renew_changed': described(
    'The contract renews by itself, or does no longer.',
    was({ autoRenew: true }),
    is({ autoRenew: false }),
  ),
  'subscription.extended': described(
    'The period was made longer, for the reason that is told.',
    was({ currentPeriodEnd: SEPTEMBER }),
    is({ currentPeriodEnd: OCTOBER }),
  ),
  'subscription.past_due': described(
    'A payment failed: the plan says what is still allowed.',
    was({}),
    is({ status: 'past_due' }),
  ),
  'subscription.recovered': described('What was owed is paid.', was({ status: 'past_due' }), is({})),
  'subscription.reactivated': described(
    'A contract that was over goes on in a period of its own.',
    was({ status: 'expired', endedAt: AUGUST }),
    is({}),
  ),
  'subscription.expiry_upcoming': described(
    'The contract ends in seven days, or in one where periods are short, unless somebody renews it.',
    was({ status: 'canceled' }),
    became({ status: 'canceled', version: 1 }),
  ),
  'subscription.expired': described(
    'The contract has ended with its period.',
    was({ endedAt: null }),
    became({ status: 'expired', endedAt: SEPTEMBER }),
  ),
} satisfies Record<SubscriptionEventType, EventDescription>);

declare module '@app/events' {
  interface DeclaredEvents {
    subscriptions: typeof SUBSCRIPTION_EVENTS;
  }
}
