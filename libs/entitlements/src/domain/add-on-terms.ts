import type { EntitlementTerms, PlanEntitlement } from '@app/catalog';
import { capped } from '@app/kernel';
import type { Subscription } from '@app/subscriptions';

/** A quantity of one add-on. */
export interface AddOnSource {
  key: string;
  quantity: number;
}

/** Terms of a feature with everything that add-ons add to them. */
export interface AddedTerms {
  terms: EntitlementTerms;
  addOns: AddOnSource[];
  /** When the newest of these add-ons was added or its quantity changed. */
  since: Date;
}

/**
 * Adds the add-ons of a subscription to the plan's terms of a feature: limits and credits add up, times quantity;
 * unlimited wins; a switch is on when any of them is on. Window, overage and rates are those of the plan, else of the
 * first add-on by key. @returns null when no add-on names the feature
 */
export function addedTerms(
  featureId: string,
  planTerms: EntitlementTerms | null,
  addOns: Subscription['addOns'],
): AddedTerms | null {
  const parts = Object.entries(addOns)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([key, { quantity, since, entitlements }]) => {
      const found = entitlements.find((entitlement) => entitlement.featureId === featureId);
      return found ? [{ key, quantity, since, terms: found.terms }] : [];
    });
  const [first] = parts;
  if (!first) return null;
  return {
    terms: parts.reduce((sum, { terms, quantity }) => plus(sum, terms, quantity), planTerms ?? nothingOf(first.terms)),
    addOns: parts.map(({ key, quantity }) => ({ key, quantity })),
    since: new Date(Math.max(...parts.map(({ since }) => Date.parse(since)))),
  };
}

/** The entitlements of a plan version with the add-ons of a subscription. */
export function withAddOns(entitlements: PlanEntitlement[], addOns: Subscription['addOns']): PlanEntitlement[] {
  const added = Object.values(addOns).flatMap((addOn) => addOn.entitlements);
  const named = new Map([...added, ...entitlements].map((entitlement) => [entitlement.featureId, entitlement]));
  return [...named.values()].map((entitlement) => {
    const inPlan = entitlements.includes(entitlement);
    const sum = addedTerms(entitlement.featureId, inPlan ? entitlement.terms : null, addOns);
    return sum ? { ...entitlement, terms: sum.terms } : entitlement;
  });
}

function plus(sum: EntitlementTerms, part: EntitlementTerms, quantity: number): EntitlementTerms {
  if (sum.type === 'metered' && part.type === 'metered')
    return {
      ...sum,
      limit: sum.limit === null || part.limit === null ? null : capped(sum.limit + part.limit * quantity),
    };
  if (sum.type === 'credit' && part.type === 'credit')
    return { ...sum, grant: { ...sum.grant, quantity: capped(sum.grant.quantity + part.grant.quantity * quantity) } };
  if (sum.type === 'boolean' && part.type === 'boolean') return { ...sum, value: sum.value || part.value };
  return sum;
}

/** The same terms without units, to which the add-ons add theirs. */
function nothingOf(terms: EntitlementTerms): EntitlementTerms {
  if (terms.type === 'metered') return { ...terms, limit: 0 };
  if (terms.type === 'credit') return { ...terms, grant: { ...terms.grant, quantity: 0 } };
  return terms;
}
