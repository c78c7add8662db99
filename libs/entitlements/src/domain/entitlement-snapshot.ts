import type { EntitlementTerms } from '@app/catalog';
import type { Customer } from '@app/customers';
import type { Subscription } from '@app/subscriptions';
import type { Grant } from './grant.js';

/** Terms for one customer in place of the plan's. */
export interface Override {
  featureId: string;
  terms: EntitlementTerms;
  /** Exclusive; null: never. */
  expiresAt: Date | null;
  reason: string | null;
  createdAt: Date;
  updatedAt: Date;
}

/** Everything that decides what one customer may do, as it was when `version` was the customer's entitlement version. */
export interface EntitlementSnapshot {
  customer: Customer;
  /** Grows whenever anything here may have changed. */
  version: number;
  /** Customers of one bucket may share a transaction. */
  bucket: number;
  /** By the product's id, newest first: the contract that counts, live or over, and one that begins later, if there is one. */
  subscriptions: Map<string, Subscription[]>;
  overrides: Map<string, Override>;
  /** By the feature's id; voided ones are left out. */
  grants: Map<string, Grant[]>;
}
