import { amountOf, DomainError, periodAt } from '@app/kernel';
import { assertAmount } from '../amounts.js';
import { cadenceOf, cutTo, firstPeriodEnd, movedAnchor } from '../cadence.js';
import { nonZero, prepaidLines, prorationLine, restOfPeriod } from '../proration.js';
import { assertAllowed } from '../state-machine.js';
import { nextVersion, type Subscription, type Transition } from '../subscription.js';
import { assertNotEnding, endAgreed, periodEndOf, type When } from './preconditions.js';

/**
 * Renews manually. `now`: a new period starts immediately with usage at zero, and the rest of the old one is credited.
 * `period_end`: one more period is added when the subscription does not renew automatically. An ended subscription
 * restarts with its plan and price.
 * @param seenPeriodStart start of the period that the caller has read: a renewal since then is not repeated
 * @throws DomainError `transition_not_allowed`, `no_period_end`, `subscription_canceled`, `renews_by_itself`,
 * `already_renewed`, `amount_too_large`
 */
export function renew(subscription: Subscription, when: When, now: Date, seenPeriodStart?: Date): Transition {
  if (subscription.endedAt !== null) return reactivate(subscription, now);
  assertNotEnding(subscription);
  assertAllowed(subscription, when === 'now' ? 'subscription.renewed' : 'subscription.renewal_agreed');
  const end = periodEndOf(subscription);
  if (when === 'now') assertNotRenewed(subscription, now, seenPeriodStart);
  return when === 'now' ? renewNow(subscription, now) : agreeOnRenewal(subscription, end, now);
}

/**
 * Two renewals at one instant, or of one period by two concurrent requests, are one renewal. A trial that starts at
 * this instant can be renewed: that ends it.
 */
function assertNotRenewed(
  { currentPeriodStart, status }: Subscription,
  now: Date,
  seenPeriodStart = currentPeriodStart,
): void {
  if (currentPeriodStart <= seenPeriodStart && (currentPeriodStart < now || status === 'trialing')) return;
  throw new DomainError(
    'conflict',
    'already_renewed',
    'The current period has only just started; there is nothing to renew. Read the subscription again.',
    { currentPeriodStart },
  );
}

function renewNow(subscription: Subscription, now: Date): Transition {
  const old = restOfPeriod(subscription, subscription, now);
  const status = subscription.status === 'past_due' ? subscription.status : 'active';
  const trialEnd = subscription.trialEnd && subscription.trialEnd > now ? now : subscription.trialEnd;
  const renewed: Subscription = {
    ...withPeriodFrom(nextVersion(subscription), now),
    status,
    trialEnd,
    usagePeriodStart: now,
    usageAnchor: null,
  };
  const { currentPeriodEnd: end, scheduledChange } = renewed;
  renewed.scheduledChange = scheduledChange && { ...scheduledChange, effectiveAt: end!.toISOString() };
  const { amount } = restOfPeriod(renewed, renewed, now)!;
  const charge = prorationLine('charge', renewed, amount, { start: now, end: end! });
  const lines = old ? [prorationLine('credit', subscription, old.amount, old.service), charge] : [charge];
  return {
    type: 'subscription.renewed',
    subscription: renewed,
    at: now,
    prorationLines: nonZero(lines),
    prorated: true,
  };
}

function agreeOnRenewal(subscription: Subscription, end: Date, now: Date): Transition {
  if (subscription.autoRenew)
    throw new DomainError(
      'conflict',
      'renews_by_itself',
      'The subscription already renews automatically at the end of its period.',
    );
  const [before] = prepaidLines('charge', subscription, subscription);
  const begin = before?.periodEnd ?? end;
  const period = { start: begin, end: periodAt(cadenceOf(subscription), begin).end };
  if (subscription.endsAt && period.end > subscription.endsAt) throw endAgreed(subscription);
  const agreed: Subscription = { ...nextVersion(subscription), prepaidPeriods: subscription.prepaidPeriods + 1 };
  assertAmount(agreed, 'conflict');
  const charge = prorationLine('charge', subscription, amountOf(subscription), period);
  return { type: 'subscription.renewal_agreed', subscription: agreed, at: now, prorationLines: nonZero([charge]) };
}

/** Reactivation within the last period does not reset usage. */
function reactivate(subscription: Subscription, now: Date): Transition {
  assertAllowed(subscription, 'subscription.reactivated');
  const { currentPeriodEnd, usagePeriodStart } = subscription;
  const withinPeriod = currentPeriodEnd === null || currentPeriodEnd > now;
  const back: Subscription = {
    ...nextVersion(subscription),
    status: 'active',
    endedAt: null,
    deniedUntil: now,
    canceledAt: null,
    cancelAtPeriodEnd: false,
    // An agreed end that has passed ended the subscription: the restart has none.
    endsAt: subscription.endsAt && subscription.endsAt > now ? subscription.endsAt : null,
    prepaidPeriods: 0,
    planSince: now,
    usagePeriodStart: withinPeriod ? usagePeriodStart : now,
  };
  if (back.trialEnd && back.trialEnd > now) back.trialEnd = now;
  const reactivated = currentPeriodEnd === null ? back : withPeriodFrom(back, now);
  if (!withinPeriod) reactivated.usageAnchor = null;
  return { type: 'subscription.reactivated', subscription: reactivated, at: now };
}

/** @throws DomainError `subscription_ended`, `transition_not_allowed`, `auto_renew_unchanged` */
export function setAutoRenew(subscription: Subscription, autoRenew: boolean, now: Date): Transition {
  assertAllowed(subscription, 'subscription.auto_renew_changed');
  if (subscription.autoRenew === autoRenew)
    throw new DomainError('conflict', 'auto_renew_unchanged', `autoRenew is already ${autoRenew}.`);
  return {
    type: 'subscription.auto_renew_changed',
    subscription: { ...nextVersion(subscription), autoRenew },
    at: now,
  };
}

function withPeriodFrom(subscription: Subscription, at: Date): Subscription {
  return {
    ...subscription,
    ...movedAnchor(subscription, at),
    nextAnchor: null,
    currentPeriodStart: at,
    currentPeriodEnd: cutTo(subscription.endsAt, firstPeriodEnd(cadenceOf({ ...subscription, anchor: at }))),
  };
}
