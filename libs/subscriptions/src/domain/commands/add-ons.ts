import type { AddOnContent } from '@app/catalog';
import { DomainError, notFound } from '@app/kernel';
import { assertAllowed } from '../state-machine.js';
import { nextVersion, type SoldAddOn, type Subscription, type Transition } from '../subscription.js';

const MAX_ADD_ONS = 20;

/** An add-on with its quantity. */
export interface AddOnQuantity {
  key: string;
  quantity: number;
  /** The content as sold now. An add-on that the subscription has already keeps the content that it was sold. */
  content: AddOnContent | null;
}

/**
 * Adds an add-on, or changes its quantity.
 * @returns null when the subscription already has this quantity of it
 * @throws DomainError `subscription_ended`, `transition_not_allowed`, `too_many_add_ons`
 */
export function putAddOn(
  subscription: Subscription,
  { key, quantity, content }: AddOnQuantity,
  now: Date,
): Transition | null {
  assertAllowed(subscription, 'subscription.add_ons_changed');
  const { known, others } = split(subscription.addOns, key);
  if (known?.quantity === quantity) return null;
  const sold = known ?? content;
  if (!sold) throw notFound('add_on');
  if (Object.keys(others).length >= MAX_ADD_ONS)
    throw new DomainError('conflict', 'too_many_add_ons', `A subscription has at most ${MAX_ADD_ONS} add-ons.`);
  const { name, prices, entitlements } = sold;
  const addOn: SoldAddOn = { name, quantity, since: now.toISOString(), prices, entitlements };
  return changed(subscription, { ...others, [key]: addOn }, now);
}

/** @throws DomainError `subscription_ended`, `transition_not_allowed`, `add_on_not_found` */
export function removeAddOn(subscription: Subscription, key: string, now: Date): Transition {
  assertAllowed(subscription, 'subscription.add_ons_changed');
  const { known, others } = split(subscription.addOns, key);
  if (!known) throw notFound('add_on', 'add-on on this subscription');
  return changed(subscription, others, now);
}

/** The add-on with this key, if the subscription has it, and the others. A key such as `__proto__` is no add-on. */
function split(addOns: Subscription['addOns'], key: string) {
  const { [key]: named, ...others } = addOns;
  return { known: Object.hasOwn(addOns, key) ? named : undefined, others };
}

const changed = (subscription: Subscription, addOns: Subscription['addOns'], now: Date): Transition => ({
  type: 'subscription.add_ons_changed',
  subscription: { ...nextVersion(subscription), addOns },
  at: now,
});
