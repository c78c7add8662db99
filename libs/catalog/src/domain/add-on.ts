import { DomainError, type FieldError } from '@app/kernel';
import type { AddOnContent, Feature } from './catalog.js';
import { checkContent, type RawContent } from './plan-content.js';

/** An add-on in the form of requests: like a plan, without a trial. */
export type RawAddOn = Pick<RawContent, 'name' | 'description' | 'prices' | 'entitlements'>;

/** An add-on in the form of requests. */
export function rawAddOn({ name, description, prices, entitlements }: AddOnContent): RawAddOn {
  return {
    name,
    description,
    prices,
    entitlements: entitlements.map(({ feature, terms: { type, ...terms } }) => ({ feature, type, ...terms })),
  };
}

/**
 * Checks an add-on against the product's features and returns its canonical form. A static value cannot be added to
 * another one, and a switch that is off adds nothing: both are refused.
 * @param path prefix of the fields in errors, such as `addOns.0.`
 * @throws DomainError `invalid_fields` with every field that is wrong
 */
export function checkAddOn(raw: RawAddOn, features: Map<string, Feature>, path = ''): AddOnContent {
  const { name, description, prices, entitlements } = checkContent(raw, features, path);
  const problems = entitlements.flatMap(({ terms }, index): FieldError[] => {
    const field = `${path}entitlements.${index}`;
    if (terms.type === 'static') return [{ field: `${field}.type`, message: 'must be boolean, metered or credit' }];
    return terms.type === 'boolean' && !terms.value ? [{ field: `${field}.value`, message: 'must be true' }] : [];
  });
  if (problems.length > 0)
    throw new DomainError('invalid', 'invalid_fields', 'Some fields are not valid.', { errors: problems });
  return {
    name,
    description,
    prices,
    entitlements: entitlements.map((item) => ({ featureId: features.get(item.feature)!.id, ...item })),
  };
}
