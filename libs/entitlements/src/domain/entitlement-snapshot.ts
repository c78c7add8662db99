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

/** Everything that one customer's entitlements are derived from, at one entitlement version. */
export interface EntitlementSnapshot {
  customer: Customer;
  /** Increased by database triggers whenever anything here may have changed. */
  version: number;
  /** The shard of the customer: customers of one bucket may share a transaction. */
  bucket: number;
  /** By product id, newest first: the current subscription, live or ended, and one that begins later, if any. */
  subscriptions: Map<string, Subscription[]>;
  overrides: Map<string, Override>;
  /** By feature id; without voided grants. */
  grants: Map<string, Grant[]>;
}
