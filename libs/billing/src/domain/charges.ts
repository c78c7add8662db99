import { amountOf, decimalAmount, type Period } from '@app/kernel';
import {
  addOnPrice,
  isUpcoming,
  type ProrationLine,
  type Subscription,
  type SubscriptionEventType,
  restOfPeriod,
} from '@app/subscriptions';
import type { InvoiceLine, InvoicePurpose } from './invoice.js';
import { shownPrice } from './rating.js';

/** An event of a subscription, with the subscription after it. */
export interface BilledEvent {
  type: SubscriptionEventType;
  at: Date;
  /** 1, 2, 3 and so on per subscription. */
  sequence: number;
  after: Subscription;
  /** The lines that a command has computed; empty for events that time causes. */
  prorationLines: ProrationLine[];
  /** True for a command with proration: unused time of plan and add-ons is credited. */
  prorated: boolean;
}

/** The amounts that an event adds to an invoice. Without lines it is only an instant at which usage is invoiced. */
export interface Charge {
  /** The billing instant. */
  at: Date;
  purpose: InvoicePurpose;
  /** False for a proration, which the product may collect for the next invoice. */
  immediate: boolean;
  currency: string;
  lines: InvoiceLine[];
  period: Period;
  /** Sequence of the event. */
  source: number;
}

/** Result of `fold`. */
export interface Folded {
  state: Subscription;
  charges: Charge[];
  /** True when the subscription has ended. */
  ended: boolean;
}

type Step = BilledEvent & { before: Subscription };

/** Ends of a subscription: usage so far and pending lines are invoiced. */
const ENDS: readonly SubscriptionEventType[] = ['subscription.canceled', 'subscription.expired'];
/** Starts of a period without a command on a running one. */
const STARTS: readonly SubscriptionEventType[] = [
  'subscription.created',
  'subscription.started',
  'subscription.trial_ended',
  'subscription.reactivated',
];
/** Started by time at the end of a period, or by a command before it. */
const RENEWALS: readonly SubscriptionEventType[] = ['subscription.renewed', 'subscription.plan_changed'];
/** Commands that may start a period before the running one has ended. */
const RESTARTS: readonly SubscriptionEventType[] = [...RENEWALS, 'subscription.billing_anchor_changed'];
/** Commands whose proration lines are charged. An extension, a pause and its end cost nothing. */
const PRORATED: readonly SubscriptionEventType[] = [
  ...RESTARTS,
  'subscription.end_changed',
  'subscription.add_ons_changed',
];

/**
 * Bills one event of a subscription: periods in advance when they begin, prorations of commands, add-ons, and the end.
 * @param before the subscription before the event; null for a new one
 * @example events.reduce((state, event) => fold(state, event).state, null)
 */
export function fold(before: Subscription | null, event: BilledEvent): Folded {
  const charge = before ? chargeOf({ ...event, before }) : startOf(event);
  return { state: event.after, charges: charge ? [charge] : [], ended: event.after.endedAt !== null };
}

function chargeOf(step: Step): Charge | null {
  const { type, before, at } = step;
  if (ENDS.includes(type)) return isUpcoming(before) ? null : endOf(step);
  if (STARTS.includes(type)) return startOf(step, before);
  if (RENEWALS.includes(type) && isSameInstant(before.currentPeriodEnd, at)) return startOf(step, before);
  if (type === 'subscription.renewal_agreed') return { ...changeOf(step), immediate: true };
  return PRORATED.includes(type) ? changeOf(step) : null;
}

/** A period that begins, in advance. A trial costs nothing; an indefinite subscription has no periods. */
function startOf(event: BilledEvent, before: Subscription | null = null): Charge | null {
  const { after, at } = event;
  if (after.status === 'trialing' || isUpcoming(after) || after.endedAt !== null) return null;
  const lines = after.currentPeriodEnd === null ? [] : [...baseLines(event, before), ...addOnLines(null, after, at)];
  return charge(event, { purpose: 'period', immediate: true, lines, period: periodOf(after, at) });
}

/** The plan of a period that begins. An agreed period was charged when it was agreed on. */
function baseLines({ type, after, at }: BilledEvent, before: Subscription | null): InvoiceLine[] {
  const agreed = before && type !== 'subscription.reactivated' ? before.prepaidPeriods : 0;
  const period = restOfPeriod(after, after, at)!;
  if (agreed === 0) return [planLine(after, period.service, period.amount)];
  if (type !== 'subscription.plan_changed') return [];
  // The agreed periods were charged at the price before: they are exchanged for as many at the price from now on.
  const paid = before!;
  return nonZero([
    {
      ...planLine(paid, period.service, -amountOf(paid) * agreed),
      kind: 'proration',
      description: unused(paid.planName),
    },
    planLine(after, period.service, period.amount + amountOf(after) * (agreed - 1)),
  ]);
}

/** A command: its proration lines, and those of add-ons by the same rule. */
function changeOf(step: Step): Charge {
  const { after, at, prorationLines } = step;
  const restarts = startsPeriod(step);
  return charge(step, {
    purpose: restarts ? 'period' : 'change',
    immediate: restarts,
    lines: [
      ...prorationLines.map((line) => commandLine(line, restarts || step.type === 'subscription.renewal_agreed')),
      ...changedAddOns(step, restarts),
    ],
    period: periodOf(after, at),
  });
}

/** True for a command that replaces the running period by another one, which may have begun at the same instant. */
function startsPeriod({ type, before, after, at }: Step): boolean {
  if (!RESTARTS.includes(type) || !isSameInstant(after.currentPeriodStart, at)) return false;
  const isSamePeriod =
    isSameInstant(before.currentPeriodStart, at) &&
    before.currentPeriodEnd?.getTime() === after.currentPeriodEnd?.getTime();
  return !isSamePeriod;
}

/** The end: credits of a cancellation with proration, usage and what is pending. */
function endOf(step: Step): Charge {
  const { before, at, prorationLines, prorated } = step;
  const credits = prorated ? addOnLines(before, null, before.pausedAt ?? at) : [];
  return charge(step, {
    purpose: 'final',
    immediate: true,
    lines: [...prorationLines.map((line) => commandLine(line, false)), ...credits],
    period: { start: before.currentPeriodStart, end: at },
  });
}

/**
 * Add-ons of a command: credits for the rest of the period, charges for what replaces it. A command without proration
 * has charges only for a period that it starts.
 */
function changedAddOns({ type, before, after, at, prorated }: Step, restarts: boolean): InvoiceLine[] {
  if (type === 'subscription.add_ons_changed') return addOnLines(before, after, at);
  if (type === 'subscription.end_changed' || type === 'subscription.billing_anchor_changed')
    return prorated ? addOnLines(before, after, at) : [];
  return restarts ? addOnLines(prorated ? before : null, after, at) : [];
}

/** Credits for the rest of the add-ons before, and charges for those after; none where nothing changes. */
function addOnLines(before: Subscription | null, after: Subscription | null, at: Date): InvoiceLine[] {
  const keys = [...new Set([...Object.keys(before?.addOns ?? {}), ...Object.keys(after?.addOns ?? {})])].sort();
  return keys.flatMap((key) => {
    const old = before && addOnLine(before, key, at);
    const fresh = after && addOnLine(after, key, at);
    if (old && fresh && isSameLine(old, fresh)) return [];
    const isChange = before !== null;
    return nonZero([
      ...(old
        ? [{ ...old, kind: 'proration' as const, description: unused(old.description), amount: -old.amount }]
        : []),
      ...(fresh ? [isChange ? { ...fresh, description: remaining(fresh.description) } : fresh] : []),
    ]);
  });
}

/** An add-on for the rest of the period, by the same rule as the plan. Null: it has no price for these periods. */
function addOnLine(subscription: Subscription, key: string, at: Date): InvoiceLine | null {
  const addOn = subscription.addOns[key];
  const price = addOn && addOnPrice(addOn, subscription.price);
  const sold = price && { ...subscription, price, quantity: addOn.quantity };
  const rest = sold && restOfPeriod(subscription, sold, at);
  if (!rest) return null;
  return { ...planLine(sold, rest.service, rest.amount), kind: 'add_on', description: addOn.name, addOn: key };
}

/** A proration line of a command; its charge is the period itself when the command starts one. */
function commandLine(line: ProrationLine, startsPeriod: boolean): InvoiceLine {
  const { kind, plan, quantity, unitAmount, amount, currency, periodStart, periodEnd } = line;
  const isPeriod = kind === 'charge' && startsPeriod;
  return {
    ...EMPTY,
    kind: isPeriod ? 'subscription' : 'proration',
    description: kind === 'credit' ? unused(plan.name) : isPeriod ? plan.name : remaining(plan.name),
    quantity,
    unitAmount: unitAmount === null ? null : decimalAmount({ amount: unitAmount, currency }),
    amount: kind === 'credit' ? -amount : amount,
    service: { start: new Date(periodStart), end: new Date(periodEnd) },
    plan,
  };
}

const EMPTY = { addOn: null, feature: null, tiers: [], discount: 0, taxes: [] };

function planLine(subscription: Subscription, service: Period, amount: number): InvoiceLine {
  const { planKey, planName, planVersion, quantity } = subscription;
  return {
    ...EMPTY,
    kind: 'subscription',
    description: planName,
    quantity,
    ...shownPrice(subscription, amount),
    amount,
    service,
    plan: { key: planKey, name: planName, version: planVersion },
  };
}

const unused = (name: string): string => `Unused time: ${name}`;
const remaining = (name: string): string => `Remaining time: ${name}`;
const nonZero = (lines: InvoiceLine[]): InvoiceLine[] => lines.filter(({ amount }) => amount !== 0);

const isSameInstant = (one: Date | null, other: Date): boolean => one?.getTime() === other.getTime();

const isSameLine = (one: InvoiceLine, other: InvoiceLine): boolean =>
  one.amount === other.amount &&
  one.quantity === other.quantity &&
  one.unitAmount === other.unitAmount &&
  isSameInstant(one.service.end, other.service.end);

const periodOf = ({ currentPeriodEnd }: Subscription, at: Date): Period => ({ start: at, end: currentPeriodEnd ?? at });

const charge = ({ at, sequence, after }: BilledEvent, rest: Omit<Charge, 'at' | 'currency' | 'source'>): Charge => ({
  at,
  currency: after.price.currency,
  source: sequence,
  ...rest,
});

/**
 * One charge per billing instant: what changed when a period began or the subscription ended is on that invoice.
 * @returns the charges in the order of their instants
 */
export function mergeCharges<Merged extends Charge>(charges: Merged[]): Merged[] {
  const merged: Merged[] = [];
  for (const next of charges) {
    const index = merged.findIndex((other) => isOneInvoice(other, next));
    const host = merged[index];
    if (!host) merged.push(next);
    else
      merged[index] = {
        ...(host.purpose === 'change' ? next : host),
        lines: [...host.lines, ...next.lines],
        immediate: host.immediate || next.immediate,
      };
  }
  return merged;
}

const isOneInvoice = (one: Charge, other: Charge): boolean =>
  isSameInstant(one.at, other.at) &&
  one.currency === other.currency &&
  (one.purpose === other.purpose || one.purpose === 'change' || other.purpose === 'change');
