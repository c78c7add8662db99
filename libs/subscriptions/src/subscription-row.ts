import { DomainError } from '@app/kernel';
import {
  isSame,
  LIVE_STATUSES,
  type Subscription,
  type SubscriptionPayload,
  type SubscriptionStatus,
} from './domain/subscription.js';

/** A row of the subscriptions table as PostgreSQL's to_json gives it. */
export type SubscriptionRow = Record<string, unknown>;

const COLUMN_TYPES: Record<keyof Subscription, string> = {
  customerId: 'uuid',
  id: 'uuid',
  productId: 'uuid',
  testClockId: 'uuid',
  planId: 'uuid',
  planVersion: 'integer',
  planKey: 'text',
  planName: 'text',
  price: 'jsonb',
  quantity: 'integer',
  status: 'text',
  timezone: 'text',
  anchor: 'timestamptz',
  usageAnchor: 'timestamptz',
  nextAnchor: 'timestamptz',
  endsAt: 'timestamptz',
  startedAt: 'timestamptz',
  currentPeriodStart: 'timestamptz',
  currentPeriodEnd: 'timestamptz',
  usagePeriodStart: 'timestamptz',
  planSince: 'timestamptz',
  trialEnd: 'timestamptz',
  autoRenew: 'boolean',
  prepaidPeriods: 'integer',
  cancelAtPeriodEnd: 'boolean',
  canceledAt: 'timestamptz',
  endedAt: 'timestamptz',
  pausedAt: 'timestamptz',
  pastDueSince: 'timestamptz',
  graceEndsAt: 'timestamptz',
  deniedUntil: 'timestamptz',
  scheduledChange: 'jsonb',
  addOns: 'jsonb',
  remindedOf: 'timestamptz',
  version: 'integer',
  createdAt: 'timestamptz',
  updatedAt: 'timestamptz',
};
export const PROPERTIES = Object.keys(COLUMN_TYPES) as (keyof Subscription)[];
const columnOf = (property: string): string => property.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
export const COLUMNS = PROPERTIES.map(columnOf);

/** Columns and parameters of an insert: the properties in their order, then `due_at`. */
export const INSERTED_COLUMNS = {
  names: [...COLUMNS, 'due_at'].join(', '),
  values: [...PROPERTIES.map((property) => COLUMN_TYPES[property]), 'timestamptz']
    .map((type, index) => `$${index + 1}::${type}`)
    .join(', '),
};

/** Column list for complete subscriptions. */
export const SELECTED = PROPERTIES.map((property, index) => `s.${COLUMNS[index]} as "${property}"`).join(', ');
/** SQL condition: rows of `subscriptions s` in one of the statuses. */
export const among = (statuses: readonly SubscriptionStatus[]): string =>
  `s.status in (${statuses.map((status) => `'${status}'`).join(', ')})`;
/** SQL condition: live rows. */
export const LIVE = among(LIVE_STATUSES);
/** SQL condition: excludes subscriptions canceled before their start. */
export const EVER_BEGUN = `(s.ended_at is null or s.ended_at >= s.started_at)`;
/** SQL condition: live rows that end with their period; `endsWithPeriod` in SQL. */
export const UNRENEWED = `(s.cancel_at_period_end or s.ends_at <= s.current_period_end or (not s.auto_renew and s.prepaid_periods = 0))`;

/** A tier of a price: its last unit, and the last unit of the tier before it. */
const tiersOf = (
  price: string,
): string => `(select t.position, (t.tier->>'upTo')::numeric as up_to, (t.tier->>'unitAmount')::numeric as unit, coalesce((t.tier->>'flatAmount')::numeric, 0) as flat,
    coalesce(lag((t.tier->>'upTo')::numeric) over (order by t.position), 0) as before
  from jsonb_array_elements(${price}->'tiers'->'tiers') with ordinality as t (tier, position)) tier`;

/** The SQL form of the kernel's amountOf: price times quantity, in minor units. */
const amountSql = (price: string, quantity: string): string => `(case ${price}->'tiers'->>'model'
  when 'graduated' then (select sum(unit * (least(${quantity}, up_to) - before) + flat) from ${tiersOf(price)} where ${quantity} > before)
  when 'volume' then (select unit * ${quantity} + flat from ${tiersOf(price)} where up_to is null or up_to >= ${quantity} order by position limit 1)
  else (${price}->>'amount')::numeric * ${quantity} end)`;

/** The plan of a row of `subscriptions s` per period, in minor units. */
export const AMOUNT = amountSql('s.price', 's.quantity');

/** Plan and add-ons of a row of `subscriptions s` per period: each add-on at the price of `addOnPrice`. */
export const AMOUNT_WITH_ADD_ONS = `(${AMOUNT} + case when s.add_ons = '{}' then 0 else coalesce((select sum(${amountSql('offer.price', 'offer.quantity')}) from (
    select distinct on (a.key) p.price, (a.value->>'quantity')::integer as quantity
    from jsonb_each(s.add_ons) a cross join lateral jsonb_array_elements(a.value->'prices') with ordinality as p (price, position)
    where p.price->>'interval' = s.price->>'interval' and p.price->>'intervalCount' = s.price->>'intervalCount' and p.price->>'currency' = s.price->>'currency'
    order by a.key, p.price->>'region' is null and p.price->>'deviceType' is null desc, p.position) offer), 0) end)`;

/** Columns that differ in any of the pairs, with their types. */
export function changedColumns(
  changes: { before: Subscription; after: Subscription }[],
): { property: keyof Subscription; column: string; type: string }[] {
  return PROPERTIES.flatMap((property, index) => {
    const differs = changes.some(({ before, after }) => !isSame(before[property], after[property]));
    return differs ? [{ property, column: COLUMNS[index]!, type: COLUMN_TYPES[property] }] : [];
  });
}

/** A column value as JSON. */
const revived = (property: keyof Subscription, value: unknown): unknown =>
  value !== null && COLUMN_TYPES[property] === 'timestamptz' ? new Date(value as string) : value;

export function subscriptionFromRow(row: SubscriptionRow): Subscription {
  const subscription: Record<string, unknown> = {};
  PROPERTIES.forEach((property, index) => (subscription[property] = revived(property, row[COLUMNS[index]!])));
  return subscription as unknown as Subscription;
}

/** An event payload as PostgreSQL's to_json returns it. */
export type StoredFacts = Record<string, unknown> & { plan: SubscriptionPayload['plan'] };

/** Old months of events may be pruned; then the state of that time cannot be reconstructed. */
export const historyNotKept = (): DomainError =>
  new DomainError('not_found', 'history_not_kept', 'Events of that time were pruned; choose a later instant.');

/** Values of fields that older events do not have. */
const BEFORE_THEY_EXISTED = {
  nextAnchor: null,
  endsAt: null,
  pastDueSince: null,
  graceEndsAt: null,
  deniedUntil: null,
  addOns: {},
};

/** Reconstructs a subscription from its events, oldest first. Its plan is known by key only. */
export function subscriptionFromFacts(now: Subscription, stored: StoredFacts[]): Subscription {
  const { plan, direction: _, lines: __, prorated: ___, ...facts } = Object.assign({}, ...stored) as StoredFacts;
  const then: Record<string, unknown> = {
    ...now,
    ...BEFORE_THEY_EXISTED,
    planKey: plan.key,
    planName: plan.name ?? now.planName,
    planVersion: plan.version,
  };
  for (const [property, value] of Object.entries(facts))
    then[property] = revived(property as keyof Subscription, value);
  return then as unknown as Subscription;
}
