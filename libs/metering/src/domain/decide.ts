import type { EntitlementTerms, FeatureType, Overage } from '@app/catalog';
import type { DenialReason, Entitlement, EntitlementSource } from '@app/entitlements';

/** What a window holds: units used, units held by reservations, and units used within the rate limit's span. */
export interface Usage {
  used: number;
  reserved: number;
  recent: number;
}

export const NO_USAGE: Usage = { used: 0, reserved: 0, recent: 0 };

/** May this customer do this now, and how much is left: the answer, with all that led to it. Counts are units. */
export interface Decision {
  allowed: boolean;
  /** null when allowed. */
  reason: DenialReason | null;
  customer: string;
  feature: string;
  type: FeatureType;
  requested: number;
  /** null: unlimited. Absent for features that are not counted. */
  limit?: number | null;
  used?: number;
  reserved?: number;
  /** null: unlimited. */
  remaining?: number | null;
  overage?: number;
  windowStart?: string | null;
  /** null: never. */
  resetsAt?: string | null;
  /** What a boolean or static feature is set to. */
  value?: string | number | boolean;
  source: EntitlementSource | null;
  asOf: string;
}

export interface Question {
  customer: string;
  quantity: number;
  now: Date;
}

/** An answer, and how many units it counts: 0 when denied, fewer than asked for when capped. */
export interface Outcome {
  decision: Decision;
  counted: number;
}

interface Allowance {
  limit: number | null;
  overage: Overage;
}

/** The largest count that JSON carries exactly. */
const MOST = Number.MAX_SAFE_INTEGER;

/** Decides one question on one state. `decision` shows the window as it is after `counted` units have been added. */
export function decide(entitlement: Entitlement, usage: Usage, question: Question): Outcome {
  const allowance = entitlement.terms && allowanceOf(entitlement.terms);
  const granted = entitlement.denied || !allowance ? 0 : grantable(entitlement, allowance, usage, question.quantity);
  const counts = allowance !== null && granted > 0;
  const allowed = entitlement.denied === null && (allowance === null || counts);
  return {
    counted: counts ? granted : 0,
    decision: {
      allowed,
      reason: entitlement.denied ?? (allowed ? null : 'limit_reached'),
      customer: question.customer,
      feature: entitlement.feature.key,
      type: entitlement.feature.type,
      requested: question.quantity,
      ...(allowance ? standing(entitlement, allowance, usage, counts ? granted : 0) : valueOf(entitlement.terms)),
      source: entitlement.source,
      asOf: question.now.toISOString(),
    },
  };
}

/** The decision without counting anything: what `decide` would answer, over the window as it stands. */
export function check(entitlement: Entitlement, usage: Usage, question: Question): Decision {
  const { decision } = decide(entitlement, usage, question);
  const allowance = entitlement.terms && allowanceOf(entitlement.terms);
  return allowance ? { ...decision, ...standing(entitlement, allowance, usage, 0) } : decision;
}

/** The limit that holds against overshooting, or null: what the database is told to guard beside this. */
export function hardLimit(terms: EntitlementTerms | null): number | null {
  const allowance = terms && allowanceOf(terms);
  return allowance && allowance.overage !== 'allow' ? allowance.limit : null;
}

/** True for features whose use is counted. */
export const isCounted = (type: FeatureType): boolean => type === 'metered' || type === 'credit';

function allowanceOf(terms: EntitlementTerms): Allowance | null {
  if (terms.type === 'metered') return terms;
  return terms.type === 'credit' ? { limit: terms.grant.quantity, overage: 'deny' } : null;
}

/** How many of the units asked for may be counted. */
function grantable(entitlement: Entitlement, { limit, overage }: Allowance, usage: Usage, quantity: number): number {
  const { terms } = entitlement;
  const rate = terms?.type === 'metered' ? terms.rateLimit : undefined;
  if (rate && usage.recent + quantity > rate.limit) return 0;
  const taken = usage.used + usage.reserved;
  const ceiling = limit === null || overage === 'allow' ? MOST : limit;
  const room = Math.max(0, ceiling - taken);
  if (quantity <= room) return quantity;
  return overage === 'cap' ? room : 0;
}

function standing({ window }: Entitlement, { limit }: Allowance, usage: Usage, counted: number): Partial<Decision> {
  const used = usage.used + counted;
  return {
    limit,
    used,
    reserved: usage.reserved,
    remaining: limit === null ? null : Math.max(0, limit - used - usage.reserved),
    overage: limit === null ? 0 : Math.max(0, used - limit),
    windowStart: window?.start.toISOString() ?? null,
    resetsAt: window?.end.toISOString() ?? null,
  };
}

function valueOf(terms: EntitlementTerms | null): Partial<Decision> {
  return terms && 'value' in terms ? { value: terms.value } : {};
}
