const HARD = 'deny';
/** Half of the customers use less than 2 % of their limit; 1 % use all of it. */
const MIN_SHARE = 0.01;
/** Basis for a meter without a limit. With overage, usage is at most MAX_OVERAGE times the limit. */
const UNLIMITED_BASIS = 100;
const MAX_OVERAGE = 2;
/** Share of the customers that use the meter. All customers use seats. */
const CALLS_SHARE = 0.5;
const EXPORTS_SHARE = 0.1;

/** Usage of a customer in its current windows, or in those when the subscription ended: one counter per window. */
export function drawUsage(random, subscription, { plan, clock }, now) {
  const until = subscription.endedAt?.getTime() ?? now;
  const created = subscription.createdAt.getTime();
  const period = subscription.usagePeriodStart.getTime();
  const today = clock.startOfDay(now);
  const drawn = [drawCounter(random, plan.meters.seats, 'none', 0, random.instant(created, until))];
  if (random.share() < CALLS_SHARE)
    drawn.push(drawCounter(random, plan.meters.api_calls, 'billing_period', period, random.instant(period, until)));
  if (random.share() < EXPORTS_SHARE && until > today)
    drawn.push(drawCounter(random, plan.meters.exports, 'day', today, random.instant(Math.max(created, today), until)));
  return drawn;
}

function drawCounter(random, { featureId, limit, overage }, windowName, windowStart, at) {
  const hard = limit !== null && overage === HARD;
  const share = Math.min(random.heavyTail(MIN_SHARE), hard ? 1 : MAX_OVERAGE);
  const used = Math.max(1, Math.floor((limit ?? UNLIMITED_BASIS) * share));
  return {
    featureId,
    windowName,
    windowStart,
    used,
    notified: limit === null ? 0 : notifiedAt(used / limit),
    hardLimit: hard ? limit : null,
    at,
  };
}

/** The highest threshold, in percent, that has been notified. */
function notifiedAt(share) {
  if (share >= 1) return 100;
  return share >= 0.8 ? 80 : 0;
}
