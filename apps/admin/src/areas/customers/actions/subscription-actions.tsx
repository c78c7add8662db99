import type { components } from '@tollgate/schema';
import type { ReactNode } from 'react';

export interface SubscriptionActionsProps {
  /** Key of the customer. */
  customer: string;
  /** Key of the product. */
  product: string;
  /** The live subscription; null: none. */
  subscription: components['schemas']['SubscriptionDto'] | null;
}

/** Commands on the subscription of a customer. */
export function SubscriptionActions(_: SubscriptionActionsProps): ReactNode {
  return null;
}
