const HARD = 'deny';
/** Half of the customers use less than a fiftieth of their limit, one in a hundred all of it. */
const LEAST = 0.01;
/** Where nothing is limited: as if it were so many; where overage is allowed: at most so many times the limit. */
const USUAL = 100;
const MOST_OVERAGE = 2;
/** How many of all use anything of it; everybody has a seat. */
const CALLERS = 0.5;
const EXPORTERS = 0.1;

/** What a customer has used in the windows that run now, or ran when its contract ended: a counter each, and how it came to be. */
export function drawUsage(random, contract, { plan, clock }, now) {
  const until = contract.endedAt?.getTime() ?? now;
  const created = contract.createdAt.getTime();
  const period = contract.usagePeriodStart.getTime();
  const today = clock.startOfDay(now);
  const drawn = [use(random, plan.meters.seats, 'none', 0, random.instant(created, until))];
  if (random.share() < CALLERS)
    drawn.push(use(random, plan.meters.api_calls, 'billing_period', period, random.instant(period, until)));
  if (random.share() < EXPORTERS && until > today)
    drawn.push(use(random, plan.meters.exports, 'day', today, random.instant(Math.max(created, today), until)));
  return drawn;
}

function use(random, { featureId, limit, overage }, windowName, windowStart, at) {
  const hard = limit !== null && overage === HARD;
  const share = Math.min(random.heavyTail(LEAST), hard ? 1 : MOST_OVERAGE);
  const used = Math.max(1, Math.floor((limit ?? USUAL) * share));
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

/** The highest threshold, in percent, that has been told. */
function notifiedAt(share) {
  if (share >= 1) return 100;
  return share >= 0.8 ? 80 : 0;
}
