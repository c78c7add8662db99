import type { AccessRule } from './allow.decorator.js';

/** Access rules that routes of billing share. */
export const BILLING = {
  /** Reads an object of one customer. */
  readsOwn: { scope: 'billing:read', users: 'owner', portal: true, support: 'reads', finance: 'reads' },
  /** Lists objects of all customers; users get those of the customer they belong to. */
  lists: { scope: 'billing:read', users: 'user', portal: true, support: 'reads', finance: 'reads' },
  /** Reads what belongs to a product, such as a coupon. */
  readsProduct: { scope: 'billing:read', users: 'product_admin', support: 'reads', finance: 'reads' },
  /** Changes an object of one customer. */
  writesOwn: { scope: 'billing:write', users: 'owner', portal: true },
  /** Changes what belongs to a product. */
  writesProduct: { scope: 'billing:write', users: 'product_admin' },
  /** Records or returns money. */
  settles: { scope: 'billing:write', users: 'product_admin', finance: 'settles' },
} as const satisfies Record<string, AccessRule>;
