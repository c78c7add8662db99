import type { Formats } from '@tollgate/web';
import type { Decision, Grant, Override } from '../customer-reads';
import type { customerTexts } from '../customer-texts';
import type { decisionTexts } from '../decision-texts';
import { partTexts } from '../entitlement-bars';
import type { Explained } from './decision-reads';

type Texts = (typeof decisionTexts)['en'];

export interface Language {
  t: Texts;
  statuses: (typeof customerTexts)['en']['statuses'];
  formats: Formats;
  zone: string;
}

/** The answer: allowed or denied, and the reason. */
export function answerOf({ decision }: Explained, { t, formats, zone }: Language): string[] {
  const { allowed, feature, asOf } = decision;
  return [
    t.moment[allowed ? 'allowed' : 'denied'](feature, formats.dateTime(asOf, zone)),
    allowed ? amountLeft(decision, t, formats) : whyDenied(decision, t, formats),
  ].filter((sentence) => sentence !== '');
}

function amountLeft({ value, limit, remaining }: Decision, t: Texts, formats: Formats): string {
  if (value !== undefined) return t.value(String(value));
  if (limit === null) return t.unlimited;
  return limit === undefined ? '' : t.left(formats.number(remaining ?? 0), formats.number(limit));
}

function whyDenied({ reason, used = 0, reserved = 0, limit, remaining }: Decision, t: Texts, formats: Formats): string {
  if (reason !== 'limit_reached') return t.why[reason ?? 'unavailable'];
  if (limit === null || (remaining ?? 0) > 0) return t.why.rate;
  return t.why.limit_reached(formats.number(used + reserved), formats.number(limit ?? 0));
}

/** Parts of the decision: the subscription, its terms, the window, overrides and grants. */
export function factsOf(explained: Explained, language: Language): string[] {
  const { decision, subscription } = explained;
  const { t, statuses, formats, zone } = language;
  const { source, windowStart, resetsAt, limit } = decision;
  const parts = partTexts(decision, t, formats).join(', ');
  return [
    ...(subscription
      ? [t.subscription(`${subscription.plan.name} v${subscription.plan.version}`, statuses[subscription.status])]
      : []),
    ...(decision.pastDueSince ? [t.pastDue(formats.dateTime(decision.pastDueSince, zone))] : []),
    ...(source ? [t.decidedBy[source.kind](`${source.plan} v${source.version}`)] : []),
    ...(source?.addOns
      ? [t.addOnParts(source.addOns.map(({ key, quantity }) => `${key} × ${quantity}`).join(', '))]
      : []),
    ...(windowStart && resetsAt
      ? [t.window(formats.dateTime(windowStart, zone), formats.dateTime(resetsAt, zone))]
      : []),
    ...(limit !== undefined && !resetsAt ? [t.openWindow] : []),
    ...(parts ? [t.parts(parts)] : []),
    ...overrideFacts(explained.override, decision, language),
    ...(limit === undefined ? [] : grantFacts(explained.grants, decision, language)),
  ];
}

function overrideFacts(override: Override | null, { asOf, source }: Decision, language: Language): string[] {
  const { t, formats, zone } = language;
  if (!override) return [];
  const set = formats.dateTime(override.updatedAt, zone);
  if (source?.kind === 'override') return [t.override(set, override.reason ?? t.noReason)];
  return override.updatedAt > asOf ? [t.overrideLater(set)] : [];
}

function grantFacts(grants: Grant[], { asOf }: Decision, { t, formats, zone }: Language): string[] {
  const from = ({ effectiveAt, createdAt }: Grant): string => (effectiveAt > createdAt ? effectiveAt : createdAt);
  const isOver = (end: string | null): boolean => end !== null && end <= asOf;
  const past = grants.filter((grant) => from(grant) <= asOf && !isOver(grant.expiresAt) && !isOver(grant.voidedAt));
  const later = grants.filter((grant) => from(grant) > asOf);
  const text = (grant: Grant): [string, string] => [
    formats.number(grant.quantity),
    formats.dateTime(from(grant), zone),
  ];
  return [
    ...past.map((grant) => t.grant(...text(grant), grant.reason ?? t.noReason)),
    ...(past.length === 0 ? [t.noGrants] : []),
    ...later.map((grant) => t.grantLater(...text(grant))),
  ];
}
