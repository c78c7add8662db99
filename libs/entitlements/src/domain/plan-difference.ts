import type { EntitlementTerms, PlanEntitlement, PlanVersion } from '@app/catalog';

/** The differences between two plan versions. Features are named by their keys. */
export interface PlanDifference {
  gained: { feature: string; terms: EntitlementTerms }[];
  lost: { feature: string; terms: EntitlementTerms }[];
  changed: { feature: string; before: EntitlementTerms; after: EntitlementTerms }[];
}

/** A boolean that is off counts as absent. */
const allows = ({ terms }: PlanEntitlement): boolean => terms.type !== 'boolean' || terms.value;

/** Terms as text. Count and anchor of windows are left out where they are the default. */
const textOf = (terms: EntitlementTerms): string =>
  JSON.stringify(terms, (name, value: unknown) =>
    (name === 'windowCount' && value === 1) || (name === 'windowAnchor' && value === 'calendar') ? undefined : value,
  );

/** Compares two plan versions for one customer. Overridden features are left out: they stay. */
export function planDifference(
  before: PlanVersion,
  after: PlanVersion,
  overridden: ReadonlySet<string>,
): PlanDifference {
  const termsOf = ({ entitlements }: PlanVersion): Map<string, EntitlementTerms> =>
    new Map(
      entitlements
        .filter((entitlement) => allows(entitlement) && !overridden.has(entitlement.featureId))
        .map(({ feature, terms }) => [feature, terms]),
    );
  const [old, fresh] = [termsOf(before), termsOf(after)];
  const only = (these: Map<string, EntitlementTerms>, those: Map<string, EntitlementTerms>) =>
    [...these].filter(([feature]) => !those.has(feature)).map(([feature, terms]) => ({ feature, terms }));
  const changed = [...old].flatMap(([feature, terms]) => {
    const other = fresh.get(feature);
    return other && textOf(other) !== textOf(terms) ? [{ feature, before: terms, after: other }] : [];
  });
  return { gained: only(fresh, old), lost: only(old, fresh), changed };
}
