import { dueAt } from '../../dist/libs/subscriptions/src/domain/time.js';
import { changedFields, eventPayload } from '../../dist/libs/subscriptions/src/domain/subscription.js';
import { COLUMNS, PROPERTIES } from '../../dist/libs/subscriptions/src/subscription-row.js';
import { drawSubscription } from './subscriptions.mjs';
import { line } from './copy-text.mjs';
import { Random } from './random.mjs';
import { drawUsage } from './usage.mjs';
import { WallClock } from './wall-clock.mjs';

/**
 * Columns by table. Tables come after those that they refer to; only the reference of a customer to its first
 * subscription is checked at the end of the batch.
 */
export const TABLES = {
  customers: [
    'id',
    'key',
    'name',
    'email',
    'region',
    'device_type',
    'timezone',
    'first_subscription_id',
    'created_at',
    'updated_at',
  ],
  subscriptions: [...COLUMNS, 'due_at'],
  subscription_actions: ['customer_id', 'subscription_id', 'period_start', 'period_end', 'action', 'done_at'],
  usage_counters: [
    'customer_id',
    'feature_id',
    'window_start',
    'window_name',
    'used',
    'reserved',
    'notified',
    'hard_limit',
    'updated_at',
  ],
  usage_ledger: [
    'customer_id',
    'id',
    'feature_id',
    'window_start',
    'quantity',
    'kind',
    'occurred_at',
    'recorded_at',
    'actor',
  ],
  event_sequences: ['subject_id', 'last'],
  events: [
    'id',
    'type',
    'subject_type',
    'subject_id',
    'sequence',
    'customer_id',
    'product_id',
    'actor',
    'before',
    'after',
    'at',
  ],
};

const SYSTEM = Object.freeze({ kind: 'system', id: null });
const HOMES = [
  [55, { timeZone: 'UTC', region: 'GB' }],
  [20, { timeZone: 'Europe/Berlin', region: 'DE' }],
  [15, { timeZone: 'America/New_York', region: 'US' }],
  [10, { timeZone: 'Asia/Kolkata', region: 'IN' }],
].map(([weight, { timeZone, region }]) => [weight, { region, clock: new WallClock(timeZone) }]);
const DEVICES = [
  [50, null],
  [25, 'web'],
  [15, 'android'],
  [10, 'ios'],
];
const KEY_DIGITS = 10;
/** Names in `subscription_actions` of the events that time causes. */
const ACTIONS = {
  'subscription.trial_ended': 'trial_end',
  'subscription.renewed': 'renewal',
  'subscription.expired': 'expiry',
};

export const keyOf = (product, index) => `${product}-${String(index).padStart(KEY_DIGITS, '0')}`;

/** Adds all rows of a customer. The same seed draws the same customer; only instants are relative to `now`. */
export function addCustomer(rows, index, { product, seed, customers, plans, now, recordedAt }) {
  const random = new Random(seed, product, index);
  const plan = random.pick(plans);
  const { clock, region } = random.pick(HOMES);
  const { subscription, steps, passed } = drawSubscription(
    random,
    { plan, clock, seniority: Math.max(0, 1 - index / customers) },
    now,
  );
  const { createdAt } = subscription;
  const ids = { customerId: random.uuid(createdAt.getTime()), id: random.uuid(createdAt.getTime()) };
  Object.assign(subscription, ids);

  const key = keyOf(product, index);
  rows.customers.push(
    line([
      ids.customerId,
      key,
      `Customer ${index}`,
      `${key}@example.com`,
      region,
      random.pick(DEVICES),
      clock.timeZone,
      ids.id,
      createdAt,
      createdAt,
    ]),
  );
  rows.subscriptions.push(line([...PROPERTIES.map((property) => subscription[property]), dueAt(subscription)]));
  steps.forEach(({ type, at, before, after, byTime }, nth) => {
    if (byTime)
      rows.subscription_actions.push(
        line([
          ids.customerId,
          ids.id,
          before.currentPeriodStart,
          before.currentPeriodEnd,
          ACTIONS[type] ?? 'reminder',
          at,
        ]),
      );
    const facts = [before && changedFields(before, after), eventPayload(after)];
    rows.events.push(
      line([
        random.uuid(recordedAt + nth),
        type,
        'subscription',
        ids.id,
        passed + nth + 1,
        ids.customerId,
        plan.productId,
        SYSTEM,
        ...facts,
        at,
      ]),
    );
  });
  rows.event_sequences.push(line([ids.id, passed + steps.length]));
  for (const { featureId, windowStart, windowName, used, notified, hardLimit, at } of drawUsage(
    random,
    subscription,
    { plan, clock },
    now,
  )) {
    const [since, then] = [new Date(windowStart), new Date(at)];
    rows.usage_counters.push(line([ids.customerId, featureId, since, windowName, used, 0, notified, hardLimit, then]));
    rows.usage_ledger.push(
      line([ids.customerId, random.uuid(at), featureId, since, used, 'consume', then, then, SYSTEM]),
    );
  }
}
