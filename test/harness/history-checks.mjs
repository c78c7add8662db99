import { sum } from './waiting.mjs';

/** Pure checks of the answers that clients received, for consistency. Each returns its violations as texts. */

const counted = ({ op, outcome }) => outcome === 'ok' && (op === 'consume' || op === 'commit');
const meterOf = ({ customer, product, feature }) => `${customer} ${product} ${feature}`;

function groups(list, nameOf) {
  const found = new Map();
  for (const item of list) {
    const name = nameOf(item);
    if (found.has(name)) found.get(name).push(item);
    else found.set(name, [item]);
  }
  return found;
}

/** Meters with consumes only, all of known outcome, on an unchanged plan: each answer must continue another one. */
function plainMeters(ops) {
  const touched = groups(
    ops.filter(({ feature }) => feature),
    meterOf,
  );
  const mixed = new Set(
    ops.filter(({ op }) => ['joint', 'change', 'cancel', 'resume'].includes(op)).map(({ customer }) => customer),
  );
  return [...touched.values()].filter(
    (list) =>
      list.every(({ op, outcome }) => op === 'consume' && outcome !== 'unknown') && !mixed.has(list[0].customer),
  );
}

/** I-01: no grant exceeds the limit in its own answer. */
export function grantsBeyondTheLimit({ ops }) {
  return ops.flatMap((entry) => {
    if (entry.outcome !== 'ok' || !entry.answer || !['consume', 'reserve'].includes(entry.op)) return [];
    const { used, reserved = 0, limit, overage } = entry.answer;
    const beyond = limit !== null && limit !== undefined && used + reserved > limit && !(overage > 0);
    return beyond ? [`${entry.id}: granted with used ${used} and reserved ${reserved} of ${limit}`] : [];
  });
}

/** I-01: all that was granted on a meter of one limit is within it. */
export function sumsBeyondTheLimit({ ops }) {
  return plainMeters(ops).flatMap((list) => {
    const granted = list.filter(({ outcome }) => outcome === 'ok');
    const limits = new Set(list.filter(({ answer }) => answer).map(({ answer }) => answer.limit));
    const [limit] = limits;
    const total = sum(granted.map(({ quantity }) => quantity));
    return limits.size === 1 && limit !== null && total > limit
      ? [`${meterOf(list[0])}: ${total} granted of ${limit}`]
      : [];
  });
}

/** I-02: a denial needs an instant at which all that may have been counted by then leaves no room. */
export function denialsWithoutCause({ ops }) {
  return plainMeters(ops).flatMap((list) => {
    const granted = list.filter(({ outcome }) => outcome === 'ok').sort((one, other) => one.invoke - other.invoke);
    return list.flatMap((entry) => {
      if (entry.outcome !== 'denied' || entry.answer.reason !== 'limit_reached') return [];
      let possible = 0;
      for (const { invoke, quantity } of granted) {
        if (invoke > entry.complete) break;
        possible += quantity;
      }
      return possible + entry.quantity <= entry.answer.limit
        ? [`${entry.id}: denied ${entry.quantity} of ${entry.answer.limit}, though at most ${possible} were used`]
        : [];
    });
  });
}

/** I-12: ordered by `used`, each grant continues the previous one, and none was answered before an earlier began. */
export function answersOutOfOrder({ ops }) {
  return plainMeters(ops).flatMap((list) => {
    const granted = list
      .filter(({ outcome }) => outcome === 'ok')
      .sort((one, other) => one.answer.used - other.answer.used);
    let used = 0;
    let latestInvoke = -Infinity;
    let latest = null;
    const wrong = [];
    for (const entry of granted) {
      used += entry.quantity;
      if (entry.answer.used !== used) {
        wrong.push(`${entry.id}: answered used ${entry.answer.used}, which no order of the grants explains (${used})`);
        used = entry.answer.used;
      }
      if (entry.complete < latestInvoke)
        wrong.push(`${entry.id}: answered before ${latest} was requested, but counted after it`);
      if (entry.invoke > latestInvoke) [latestInvoke, latest] = [entry.invoke, entry.id];
    }
    return wrong.slice(0, 5);
  });
}

/** I-12, I-18: what is left is never less than nothing. */
export function negativeRemainders({ ops }) {
  return ops
    .filter(({ answer }) => [answer, ...(answer?.data ?? [])].some((decision) => decision?.remaining < 0))
    .map(({ id, answer }) => `${id}: ${JSON.stringify(answer)}`);
}

/** Granted units by customer and product: consumes, commits, and recorded usage events. */
export function grantedTotals({ ops }) {
  const totals = new Map();
  const add = ({ customer, product }, quantity) =>
    totals.set(`${customer} ${product}`, (totals.get(`${customer} ${product}`) ?? 0) + quantity);
  for (const entry of ops) {
    if (counted(entry)) add(entry, entry.quantity);
    if (entry.op === 'joint' && entry.outcome === 'ok') add(entry, entry.quantity * entry.features.length);
    if (entry.op === 'events' && entry.outcome === 'ok')
      add(entry, sum(entry.quantities.filter((_, index) => entry.answer.results[index].status !== 'rejected')));
  }
  return totals;
}
